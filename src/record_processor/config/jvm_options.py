"""`jvmOptions`: words quoted as in a shell, passed to `java` in an argument file, which `ps` does not show.

The file's rules: https://docs.oracle.com/en/java/javase/17/docs/specs/man/java.html#java-command-line-argument-files
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from record_processor.system import private_files

if TYPE_CHECKING:
    from pathlib import Path

# For quoted words, in which a backslash escapes and every other character stands for itself.
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"})
_FILE = "@"


def expected(text: str) -> str | None:
    """Return what the text should have been, or None if it is valid."""
    try:
        shlex.split(text)
    except ValueError as error:  # an open quote, or a backslash at the end
        return f"options in which every quote is closed and no backslash is the last ({str(error).lower()})"
    return None


def arguments(text: str, path: Path) -> list[str]:
    """Write the options to an argument file, and return the arguments that refer to it."""
    words = shlex.split(text)
    # Java does not look for argument files inside one; their names are not secret.
    files = [word for word in words if word.startswith(_FILE)]
    quoted = [f'"{word.translate(_ESCAPES)}"\n' for word in words if not word.startswith(_FILE)]
    private_files.write(path, os.fsencode("".join(quoted)))
    return [f"{_FILE}{path}", *files]
