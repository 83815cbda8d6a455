"""What the JVM (`Forker.java`) and the forker tell each other: JSON lines over the forker's standard input and output.

The JVM numbers shard processes; a number is used once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator


class Start(msgspec.Struct, tag="start", tag_field="do"):
    """Create three named pipes and fork a shard process that has them as standard input, output and error."""

    id: int
    pipes: str
    """The beginning of the pipes' paths; `.in`, `.out` and `.err` follow."""
    environment: dict[str, str]
    """In addition to the forker's."""


class Opened(msgspec.Struct, tag="opened", tag_field="do"):
    """The JVM has opened its ends of the pipes."""

    id: int


class Kill(msgspec.Struct, tag="kill", tag_field="do"):
    """End the process at once, if it has not ended."""

    id: int


Request = Start | Opened | Kill


class Started(msgspec.Struct, tag="started", tag_field="is"):
    """Answers Start."""

    id: int
    pid: int


class Failed(msgspec.Struct, tag="failed", tag_field="is"):
    """Answers Start: there is no process."""

    id: int
    why: str


class Exited(msgspec.Struct, tag="exited", tag_field="is"):
    id: int
    status: int
    """128 + N for a process that signal N ended."""


_decoder = msgspec.json.Decoder(Request)


class Lines:
    """Collects what arrives until a line is whole."""

    def __init__(self) -> None:
        self._rest = b""

    def requests(self, arrived: bytes) -> Iterator[Request]:
        """Yield the requests that are complete now."""
        *lines, self._rest = (self._rest + arrived).split(b"\n")
        return map(_decoder.decode, lines)
