"""Small files, read whole: an endless file, or somebody's database, is rejected and not loaded into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_BYTES = 1024 * 1024


class UnreadableError(ValueError):
    """The file cannot be what was expected; the message says why, beginning with a verb."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def read_text(path: Path) -> str:
    """Return a file's text, with its line ends as they are.

    Raises:
        UnreadableError: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL in its name
        raise UnreadableError("cannot be read: the name is not a valid file name") from None
    if len(content) > LARGEST_BYTES:
        raise UnreadableError(f"is larger than {LARGEST_BYTES:,} bytes, which no such file is")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"is not UTF-8 text (byte {error.start})", line) from None
