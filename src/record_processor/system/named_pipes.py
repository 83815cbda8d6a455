"""Named pipes for the standard streams of a process that is forked for somebody who cannot inherit descriptors.

Whoever creates them keeps both ends of each open until the two sides have opened theirs: so no `open` waits, and
nothing that is written meanwhile is lost.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ENDS = {"in": os.O_RDONLY, "out": os.O_WRONLY, "err": os.O_WRONLY}
"""Standard input, output and error, in this order, and how the process opens them."""


class NamedPipes:
    """Three pipes, in a folder that only this user can enter."""

    def __init__(self, prefix: Path) -> None:
        """Create them; `prefix` is the beginning of their paths.

        Raises:
            OSError: they cannot be created; none is left.
        """
        self._paths = [prefix.with_name(f"{prefix.name}.{name}") for name in _ENDS]
        self._held: list[int] = []
        self._ends: list[int] = []
        """The process's, opened here, since the names may be gone before it runs."""
        try:
            for path, flags in zip(self._paths, _ENDS.values(), strict=True):
                _make(path)
                self._held.append(os.open(path, os.O_RDWR | os.O_CLOEXEC))
                self._ends.append(os.open(path, flags | os.O_CLOEXEC))
        except OSError:
            self.close()
            self.remove()
            raise

    def take(self) -> None:
        """In the process: make the pipes its standard streams, and let go of everything else of them."""
        for number, end in enumerate(self._ends):
            os.dup2(end, number)
        self.close()

    def close(self) -> None:
        """Let go of all ends."""
        for held in (self._held, self._ends):
            while held:
                os.close(held.pop())

    def remove(self) -> None:
        """Remove the names: nobody opens them anymore."""
        for path in self._paths:
            with contextlib.suppress(OSError):
                path.unlink()


def _make(path: Path) -> None:
    try:
        os.mkfifo(path, 0o600)
    except OSError as error:  # which does not say where
        raise OSError(error.errno, error.strerror, str(path)) from None
