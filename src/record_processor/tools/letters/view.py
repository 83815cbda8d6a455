"""`record-processor dead-letters show`: one letter, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.errors import SetupError
from record_processor.logs.terminal import say_lines
from record_processor.records.stream import Stream
from record_processor.text.safe_text import printable, shortened
from record_processor.tools.letters.masking import record_text, without_values
from record_processor.tools.letters.places import no_such, raise_for, say_refused

if TYPE_CHECKING:
    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.store import ReadableStore
    from record_processor.tools.letters.places import Places

_NOTHING = "-"
_LONGEST = 16_384
_LONGEST_NAME = 200


def show(places: Places, letter_id: str, shows_values: bool) -> None:
    """Print the letters with an id: several only if somebody forged some, or one is in several places.

    Raises:
        SetupError: there is none, or a place cannot be read.
    """
    found = 0

    def look(store: ReadableStore) -> None:
        nonlocal found
        letters, _ = store.read()
        for letter in letters:
            if letter.id == letter_id:
                say_lines(("\n" if found else "") + text(letter, store.name, shows_values))
                found += 1
        say_refused(store)

    raise_for(places.visit(look))
    if not found:
        raise SetupError(no_such(letter_id))


def text(letter: Letter, place: str, shows_values: bool) -> str:
    """Return all of a letter; what it says is not trusted, and each part stays in its place."""
    rows = {
        "id": letter.id,
        "place": place,
        "action": letter.action,
        "table": Stream(letter.stream_arn).table,
        "stream": letter.stream_arn,
        "shard": letter.shard_id,
        "sequence number": letter.sequence_number,
        "stored": _short(letter.stored_at),
        "attempts": _attempts(letter),
        "left out": _short(", ".join(letter.left_out)) or _NOTHING,
        "error": f"{_short(letter.error.type)}: {_error_text(letter.error.message, letter, shows_values)}",
    }
    lines = [f"{name:16} {printable(value)}" for name, value in rows.items()]
    traceback = _error_text(letter.error.traceback, letter, shows_values).strip("\n")
    if traceback:
        lines += ["", *(f"  {line}" for line in traceback.split("\n"))]
    return "\n".join([*lines, "", record_text(letter, shows_values)])


def _attempts(letter: Letter) -> str:
    first, last = (_short(when or _NOTHING) for when in (letter.first_attempt_at, letter.last_attempt_at))
    return f"{letter.attempts}, the first at {first}, the last at {last}"


def _error_text(text: str, letter: Letter, shows_values: bool) -> str:
    kept = shortened(text, _LONGEST, mark="…")
    return kept if shows_values else without_values(kept, letter)


def _short(text: str) -> str:
    return shortened(text, _LONGEST_NAME, mark="…")
