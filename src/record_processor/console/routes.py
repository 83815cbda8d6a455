"""From a request's target to its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from record_processor.console.answers import refuse, unless_known
from record_processor.console.pages import read_pages
from record_processor.errors import RecordProcessorError, described
from record_processor.text.redaction import redacted
from record_processor.text.safe_text import printable_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from record_processor.console.answers import Answer

    Ask = Callable[[Mapping[str, str]], Answer]
    Take = Callable[[bytes], Answer]

_LONGEST_TARGET = 32_768
_MOST_FIELDS = 16


class Routes:
    """The page's files, and what is asked for by name. Thread-safe once it is complete."""

    def __init__(self) -> None:
        self._pages = read_pages()
        self._asks: dict[str, Ask] = {}
        self._takes: dict[str, Take] = {}

    def add(self, path: str, ask: Ask) -> None:
        self._asks[path] = ask

    def add_order(self, path: str, take: Take) -> None:
        """Add what changes something; `take` gets the body of a request that may."""
        self._takes[path] = take

    def order(self, path: str, body: bytes) -> Answer:
        """Return the answer to a request that changes something; whatever fails becomes one."""
        try:
            return self._takes[path](body) if path in self._takes else refuse(404, "the console takes no such order")
        except Exception as error:  # as for `answer`
            return refuse(500, printable_lines(redacted(described(error))))

    def answer(self, target: str, known: str | None) -> Answer:
        """Return the answer for a path with its query; whatever fails becomes one."""
        try:
            return unless_known(self._answer(target), known)
        except RecordProcessorError as error:
            return refuse(502, printable_lines(redacted(str(error))))
        except Exception as error:  # the page shows it; the console goes on
            return refuse(500, printable_lines(redacted(described(error))))

    def _answer(self, target: str) -> Answer:
        if len(target) > _LONGEST_TARGET or not target.startswith("/"):
            return refuse(400, "the address is too long, or not one of this console")
        parts = urlsplit(target)
        if parts.path in self._pages:
            return self._pages[parts.path]
        if parts.path not in self._asks:
            return refuse(404, "the console has no such page")
        try:
            query = dict(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            return refuse(400, "the address has too many fields")
        return self._asks[parts.path](query)
