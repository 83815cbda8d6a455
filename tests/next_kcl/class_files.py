"""What a compiled Java class has and refers to, read from its file as the JVM's specification (chapter 4) has it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

ABSTRACT, PRIVATE, STATIC = 0x0400, 0x0002, 0x0008

# Bytes that follow the tag of a constant; a text has its length before it, and a long or double counts twice.
_TEXT, _CLASS, _STRING, _MEMBER_TAGS, _NAME_AND_TYPE = 1, 7, 8, (9, 10, 11), 12
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
_TWO_ENTRIES = (5, 6)


class Member(NamedTuple):
    """A method or a field: its name, and its type as class files write it, like `(JLjava/lang/String;)V`."""

    name: str
    descriptor: str


class Reference(NamedTuple):
    """A member of another class that this one uses."""

    owner: str
    member: Member


@dataclass
class ClassFile:
    """Names of classes are with slashes; flags are by member."""

    name: str
    parents: list[str]
    flags: int
    fields: dict[Member, int] = field(default_factory=dict)
    methods: dict[Member, int] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    references: set[Reference] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def bytes(self, count: int) -> bytes:
        piece = self._content[self._at : self._at + count]
        self._at += count
        return piece

    def short(self) -> int:
        return int.from_bytes(self.bytes(2), "big")

    def skip_attributes(self) -> None:
        for _ in range(self.short()):
            self.bytes(2)
            self.bytes(int.from_bytes(self.bytes(4), "big"))


def read(content: bytes) -> ClassFile:
    """Raises ValueError for what is no class file."""
    reader = _Reader(content)
    if reader.bytes(4) != b"\xca\xfe\xba\xbe":
        raise ValueError("not a class file")
    reader.bytes(4)  # its version
    constants = _constants(reader)
    flags = reader.short()
    name, parent = constants.name(reader.short()), constants.name(reader.short())
    interfaces = [constants.name(reader.short()) for _ in range(reader.short())]
    result = ClassFile(name, [one for one in (parent, *interfaces) if one], flags)
    result.fields = _members(reader, constants)
    result.methods = _members(reader, constants)
    result.classes, result.references, result.texts = constants.classes(), constants.references(), constants.texts()
    return result


class _Constants:
    def __init__(self, entries: dict[int, tuple[int, bytes]]) -> None:
        self._entries = entries

    def text(self, index: int) -> str:
        # Java's own UTF-8 writes some characters otherwise; names and the texts that are looked for have none of them.
        return self._entries[index][1].decode(errors="replace")

    def name(self, index: int) -> str:
        """Of a class, by the index of its constant; empty for none."""
        return self.text(struct.unpack(">H", self._entries[index][1])[0]) if index else ""

    def classes(self) -> set[str]:
        names = {self.name(index) for index, (tag, _) in self._entries.items() if tag == _CLASS}
        return {_element(name) for name in names} - {""}

    def references(self) -> set[Reference]:
        return {self._reference(data) for tag, data in self._entries.values() if tag in _MEMBER_TAGS}

    def texts(self) -> set[str]:
        return {self.text(struct.unpack(">H", data)[0]) for tag, data in self._entries.values() if tag == _STRING}

    def _reference(self, data: bytes) -> Reference:
        owner, what = struct.unpack(">HH", data)
        name, descriptor = struct.unpack(">HH", self._entries[what][1])
        return Reference(self.name(owner), Member(self.text(name), self.text(descriptor)))


def _constants(reader: _Reader) -> _Constants:
    entries: dict[int, tuple[int, bytes]] = {}
    count, index = reader.short(), 1
    while index < count:
        (tag,) = reader.bytes(1)
        entries[index] = (tag, reader.bytes(reader.short() if tag == _TEXT else _SIZES[tag]))
        index += 2 if tag in _TWO_ENTRIES else 1
    return _Constants(entries)


def _members(reader: _Reader, constants: _Constants) -> dict[Member, int]:
    members = {}
    for _ in range(reader.short()):
        flags = reader.short()
        members[Member(constants.text(reader.short()), constants.text(reader.short()))] = flags
        reader.skip_attributes()
    return members


def _element(name: str) -> str:
    """Of an array its elements' class; empty where those are numbers."""
    if not name.startswith("["):
        return name
    name = name.lstrip("[")
    return name[1:-1] if name.startswith("L") else ""
