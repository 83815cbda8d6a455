"""What would be different for our classes, and for the adapter's, under another version of KCL.

A difference is one line of text. Class names are without packages in it: no two classes that are compared have the same
name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.next_kcl.class_files import ABSTRACT, PRIVATE, STATIC, ClassFile, Member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.next_kcl.class_path import ClassPath

_KCL = "software/amazon/kinesis/"
_OWN_TO_A_CLASS = ("<init>", "<clinit>")


def unlinked(classes: Iterable[ClassFile], today: ClassPath, then: ClassPath) -> set[str]:
    """What a class uses that the JVM finds today, and would not find then."""
    return {line for one in classes for line in _unlinked(one, today, then)}


def _unlinked(one: ClassFile, today: ClassPath, then: ClassPath) -> Iterator[str]:
    for name in one.classes:
        if today.knows(name) and not then.knows(name):
            yield f"{short(one.name)} uses {short(name)}, which is not there"
    for owner, member in one.references:
        if then.knows(owner) and today.has(owner, member) and not then.has(owner, member):
            yield f"{short(one.name)} uses {short(owner)}.{spoken(member)}, which is not there"


def overriding(classes: Iterable[ClassFile], today: ClassPath, then: ClassPath) -> set[str]:
    """Methods that a class overrides today and not then, and new namesakes of them that KCL may call in their place."""
    return {line for one in classes for line in _overriding(one, today, then)}


def _overriding(one: ClassFile, today: ClassPath, then: ClassPath) -> Iterator[str]:
    for parent in _kcls(one, today):
        before, after = _methods(parent, today), _methods(parent, then)
        mine = {method for method in one.methods if method in before}
        for method in mine - after.keys():
            yield f"{short(one.name)} overrides {short(parent)}.{spoken(method)}, which is not there"
        names = {method.name for method in mine}
        for method in after.keys() - before.keys() - one.methods.keys():
            if method.name in names:
                yield f"{short(one.name)} does not override the new {short(parent)}.{spoken(method)}"
    for method in _unimplemented(one, then) - _unimplemented(one, today):
        yield f"{short(one.name)} does not implement the new {spoken(method)}"


def _kcls(one: ClassFile, path: ClassPath) -> set[str]:
    """What a class inherits from KCL's class directly: its own ancestors have their own lines."""
    return {parent for parent in one.parents if parent.startswith(_KCL) and path.knows(parent)}


def _methods(name: str, path: ClassPath) -> dict[Member, int]:
    """What a class has that can be overridden, inherited methods too."""
    return {
        method: flags
        for ancestor in path.ancestors(name)
        for method, flags in ancestor.methods.items()
        if method.name not in _OWN_TO_A_CLASS and not flags & (PRIVATE | STATIC)
    }


def _unimplemented(one: ClassFile, path: ClassPath) -> set[Member]:
    if one.flags & ABSTRACT:
        return set()
    ancestors = [one, *(ancestor for parent in one.parents for ancestor in path.ancestors(parent))]
    done = {method for ancestor in ancestors for method, flags in ancestor.methods.items() if not flags & ABSTRACT}
    return {method for ancestor in ancestors for method, flags in ancestor.methods.items() if flags & ABSTRACT} - done


def short(name: str) -> str:
    """A class without its package."""
    return name.rpartition("/")[2]


def spoken(member: Member) -> str:
    """`create(String, long)` for a method, the name alone for a field."""
    if not member.descriptor.startswith("("):
        return member.name
    arguments = re.findall(r"\[*(?:L[^;]+;|[A-Z])", member.descriptor[1:].partition(")")[0])
    return f"{member.name}({', '.join(map(_spoken_type, arguments))})"


def _spoken_type(descriptor: str) -> str:
    element = descriptor.lstrip("[")
    words = {
        "J": "long",
        "I": "int",
        "Z": "boolean",
        "D": "double",
        "B": "byte",
        "C": "char",
        "S": "short",
        "F": "float",
    }
    name = short(element[1:-1]) if element.startswith("L") else words[element]
    return name + "[]" * (len(descriptor) - len(element))
