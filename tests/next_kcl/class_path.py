"""Classes of several jars, each read when it is first asked for."""

from __future__ import annotations

import zipfile
from functools import cache
from typing import TYPE_CHECKING

from tests.next_kcl.class_files import ClassFile, Member, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_JDKS = ("java/", "javax/", "jdk/", "sun/", "org/xml/", "org/w3c/")


class ClassPath:
    """Of two classes with the same name the one of the earlier jar counts, as in a JVM."""

    def __init__(self, jars: list[Path]) -> None:
        self._jars = {jar: zipfile.ZipFile(jar) for jar in jars}
        self._places = {name: jar for jar in reversed(self._jars.values()) for name in _classes(jar)}
        self.find = cache(self._find)

    def _find(self, name: str) -> ClassFile | None:
        jar = self._places.get(f"{name}.class")
        return read(jar.read(f"{name}.class")) if jar else None

    def knows(self, name: str) -> bool:
        """Whether there is such a class; the JDK's are taken for granted."""
        return name.startswith(_JDKS) or f"{name}.class" in self._places

    def of_jar(self, jar: Path) -> list[ClassFile]:
        """All classes of one jar."""
        return [read(self._jars[jar].read(name)) for name in _classes(self._jars[jar])]

    def ancestors(self, name: str) -> Iterator[ClassFile]:
        """The class and all that it inherits from, as far as they are in the jars."""
        one = self.find(name)
        if one is not None:
            yield one
            for parent in one.parents:
                yield from self.ancestors(parent)

    def has(self, owner: str, member: Member) -> bool:
        """Whether a class has a member, or inherits it; what the JDK may bring is taken for granted."""
        for one in self.ancestors(owner):
            if member in one.methods or member in one.fields:
                return True
            if any(parent.startswith(_JDKS) and parent != "java/lang/Object" for parent in one.parents):
                return True
        return member in _OBJECTS or owner.startswith((*_JDKS, "["))


def _classes(jar: zipfile.ZipFile) -> list[str]:
    return [name for name in jar.namelist() if name.endswith(".class") and not name.startswith("META-INF/")]


_OBJECTS = {
    Member("getClass", "()Ljava/lang/Class;"),
    Member("hashCode", "()I"),
    Member("equals", "(Ljava/lang/Object;)Z"),
    Member("toString", "()Ljava/lang/String;"),
    Member("clone", "()Ljava/lang/Object;"),
    Member("notify", "()V"),
    Member("notifyAll", "()V"),
    Member("wait", "()V"),
    Member("wait", "(J)V"),
}
