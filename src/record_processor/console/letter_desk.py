"""Dead letters for the page: read when somebody asks, one reading at a time, and looked into one by one."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.console.answers import Answer, of_data, refuse
from record_processor.console.masking import MASK, text_of
from record_processor.errors import RecordProcessorError, described
from record_processor.text.redaction import redacted
from record_processor.text.safe_text import printable, printable_lines, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.console.letter_places import Found, LetterPlaces
    from record_processor.dead_letters.letter import Letter

_SAME_SECONDS = 5.0
"""So long a reading answers for the next ones, too."""
_LONGEST_SHOWN = 300
_MOST_REFUSED = 10
_PATIENCE_SECONDS = 4.0
_NUMBER = re.compile("[0-9]{1,9}")


class Summary(msgspec.Struct, frozen=True):
    """A letter in the list."""

    number: int
    """Its place in this reading."""
    table: str
    shard_id: str
    sequence_number: str
    stored_at: str
    attempts: int
    error: str


class Listing(msgspec.Struct, frozen=True):
    """What a reading found, the newest first."""

    reading: int
    action: str
    at: float
    letters: list[Summary]
    has_more: bool
    unreadable: int
    refused: list[str]


class _Reading:
    """One reading, in a thread of its own: a place may be slow."""

    def __init__(self, number: int, action: str) -> None:
        self.number = number
        self.action = action
        self.at = 0.0
        self.found: Found | None = None
        self.error: str | None = None
        self.done = threading.Event()

    def run(self, places: LetterPlaces) -> None:
        try:
            self.found = places.read(self.action)
        except RecordProcessorError as error:
            self.error = str(error)
        except Exception as error:  # the page shows it
            self.error = described(error)
        finally:
            self.at = time.time()
            self.done.set()

    @property
    def is_fresh(self) -> bool:
        return not self.done.is_set() or (self.found is not None and time.time() - self.at < _SAME_SECONDS)


class LetterDesk:
    """Reads, and remembers the last reading. Thread-safe."""

    def __init__(self, places: LetterPlaces, shows_values: bool) -> None:
        self._places = places
        self._shows_values = shows_values
        self._lock = threading.Lock()
        self._last = _Reading(0, "")
        self._last.run(places)

    def places(self, _query: Mapping[str, str]) -> Answer:
        return of_data(self._places.all())

    def read(self, query: Mapping[str, str]) -> Answer:
        """Answer with the letters of an action; after some seconds, that they are still being read."""
        reading = self._reading(query.get("action", ""))
        if reading is None:
            return refuse(409, "other dead letters are being read for somebody; try again in a moment")
        if not reading.done.wait(_PATIENCE_SECONDS):
            return refuse(202, "still reading")
        if reading.found is None:
            return refuse(502, printable_lines(redacted(reading.error or "")))
        return of_data(_listing(reading, reading.found))

    def _reading(self, action: str) -> _Reading | None:
        """Return the reading of an action that runs or is fresh, or a new one; None while another one runs."""
        with self._lock:
            last = self._last
            if last.action == action and last.is_fresh:
                return last
            if not last.done.is_set():
                return None
            last.found = None  # two readings at once would take twice the memory
            self._last = reading = _Reading(last.number + 1, action)
        threading.Thread(target=reading.run, args=(self._places,), name="dead-letters", daemon=True).start()
        return reading

    def letter(self, query: Mapping[str, str]) -> Answer:
        """Answer with everything about one letter of the last reading."""
        last, number = self._last, query.get("number", "")
        found = last.found
        if found is None or query.get("reading") != str(last.number):
            return refuse(410, "the letters were read again meanwhile; read them again")
        if not _NUMBER.fullmatch(number) or int(number) >= len(found.letters):
            return refuse(404, "there is no such letter")
        return of_data(self._shown(found.letters[int(number)]))

    def _shown(self, letter: Letter) -> dict[str, Any]:
        return {
            **{name: getattr(letter, name) for name in _FIELDS},
            "error": {name: _text(text) for name, text in msgspec.structs.asdict(letter.error).items()},
            "record": _record(letter, self._shows_values),
        }


_FIELDS = (
    *("id", "action", "stream_arn", "shard_id", "sequence_number", "attempts"),
    *("first_attempt_at", "last_attempt_at", "stored_at", "left_out"),
)


def _listing(reading: _Reading, found: Found) -> Listing:
    return Listing(
        reading=reading.number,
        action=reading.action,
        at=reading.at,
        letters=[_summary(number, found.letters[number]) for number in reversed(range(len(found.letters)))],
        has_more=found.more,
        unreadable=found.unreadable,
        refused=found.refused[:_MOST_REFUSED],
    )


def _summary(number: int, letter: Letter) -> Summary:
    return Summary(
        number=number,
        table=letter.stream_arn.split("/")[1],
        shard_id=letter.shard_id,
        sequence_number=letter.sequence_number,
        stored_at=letter.stored_at,
        attempts=letter.attempts,
        error=printable(shortened(f"{letter.error.type}: {letter.error.message}", _LONGEST_SHOWN, mark="…")),
    )


def _text(text: str) -> str:
    return printable_lines(redacted(text))


def _record(letter: Letter, shows_values: bool) -> str:
    if letter.record_bytes is not None:
        return f"{len(letter.record_bytes)} bytes that are no record" + (f": {letter.record_bytes!r}" * shows_values)
    try:
        return text_of(msgspec.json.decode(letter.record), shows_values)
    except (ValueError, RecursionError):
        return MASK
