"""Lines of a stream that may not have any line breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.text.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator

_CUT = " … (cut)"


class BoundedLines:
    """Splits chunks into lines of text; of a line that is too long, only the beginning is kept."""

    def __init__(self, longest_bytes: int) -> None:
        self._longest_bytes = longest_bytes
        self._part = b""
        self._skipping = False

    def of(self, chunk: bytes) -> Iterator[str]:
        """Return the lines that end in this chunk, and those that became too long in it."""
        *ended, self._part = (self._part + chunk).split(b"\n")
        for line in ended:
            if self._skipping:
                self._skipping = False
            else:
                yield self._text(line)
        if len(self._part) > self._longest_bytes:
            if not self._skipping:
                yield self._text(self._part)
            self._skipping = True
        if self._skipping:
            self._part = b""

    def rest(self) -> Iterator[str]:
        """Return what follows the last line break."""
        if self._part and not self._skipping:
            yield self._text(self._part)

    def _text(self, line: bytes) -> str:
        if len(line) <= self._longest_bytes:
            return line.decode(errors="replace").rstrip("\r")
        return redacted(line[: self._longest_bytes].decode(errors="replace"), cut=True) + _CUT
