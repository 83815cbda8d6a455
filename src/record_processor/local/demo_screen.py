"""What the demo shows: a line per step, with colors and, on a terminal, what it is waiting for."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from record_processor.text.safe_text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_COLUMNS = 100


class DemoScreen:
    """Lines of at most 100 columns.

    Rich leaves out colors under NO_COLOR, and everything that moves if there is no terminal.
    """

    def __init__(self) -> None:
        terminal = Console()
        width = min(terminal.width, _MOST_COLUMNS) if terminal.is_terminal else _MOST_COLUMNS
        self._console = Console(width=width, highlight=False, markup=False)

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show what is being done while it is done, and how long it took."""
        start = time.monotonic()
        self.title(text[0].upper() + text[1:])
        with self._console.status(Text(f"{text} ...")):
            yield
        self._console.print(Text(f"    done in {time.monotonic() - start:.1f} s", style="green"))

    def title(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(f"==> {text}", style="bold cyan"))

    def line(self, text: str) -> None:
        """Show one line, cut if it is too long."""
        self._console.print(Text(f"    {printable(text)}"), overflow="ellipsis", no_wrap=True)

    def lines(self, text: str) -> None:
        """Show all of each line, wrapped if it is too long."""
        for line in text.splitlines():
            self._console.print(Text(f"    {printable(line)}"))
