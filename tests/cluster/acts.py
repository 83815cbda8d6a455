"""What the hosts did, as they wrote it down themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Act(NamedTuple):
    """One change that an action of one child began on."""

    begun_ns: int
    host: str
    pid: int
    shard: str
    item: str
    counter: int


class Tail:
    """The whole lines that a growing file has got since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def lines(self) -> list[bytes]:
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        return whole.split(b"\n") if whole else []


_WITNESS = msgspec.json.Decoder(tuple[int, int, str, list[tuple[str, int]]])


def witnessed(host: str, lines: list[bytes]) -> Iterator[Act]:
    """What `witness.py` wrote."""
    for line in lines:
        begun_ns, pid, shard, changes = _WITNESS.decode(line)
        for item, counter in changes:
            yield Act(begun_ns, host, pid, shard, item, counter)


class _Text(msgspec.Struct):
    text: str = msgspec.field(name="S")


class _Number(msgspec.Struct):
    number: str = msgspec.field(name="N")


class _Keys(msgspec.Struct):
    id: _Text


class _Image(msgspec.Struct):
    n: _Number


class _Change(msgspec.Struct):
    keys: _Keys = msgspec.field(name="Keys")
    image: _Image = msgspec.field(name="NewImage")


class _Record(msgspec.Struct):
    dynamodb: _Change


_RECORD = msgspec.json.Decoder(_Record)


def audited(folder: Path) -> dict[Path, list[tuple[str, int]]]:
    """What the `file` action wrote, by file: each change's item and counter."""
    found = {}
    for path in sorted(folder.glob("audit-*.jsonl")):
        changes = [_RECORD.decode(line).dynamodb for line in Tail(path).lines()]
        found[path] = [(change.keys.id.text, int(change.image.n.number)) for change in changes]
    return found
