"""Which letters a command is about."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from record_processor.config.units import Duration
from record_processor.errors import SetupError
from record_processor.records.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Collection

    from record_processor.dead_letters.letter import Letter


class Choice(NamedTuple):
    """What letters must have in common to be chosen; whatever is None or empty chooses all."""

    action: str | None = None
    table: str | None = None
    error: str | None = None
    """A part of `TYPE: message`."""
    since: datetime | None = None
    until: datetime | None = None
    ids: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        return self == Choice()

    def includes(self, letter: Letter) -> bool:
        return self._is_about(letter) and self._has_it_in_common(letter)

    def passes_over(self, letter: Letter) -> bool:
        """Whether a letter is not chosen although others of its item may be."""
        return self._is_about(letter) and not self._has_it_in_common(letter)

    def _is_about(self, letter: Letter) -> bool:
        return self.action in (None, letter.action) and self.table in (None, Stream(letter.stream_arn).table)

    def _has_it_in_common(self, letter: Letter) -> bool:
        if self.ids and letter.id not in self.ids:
            return False
        if self.error is not None and self.error not in f"{letter.error.type}: {letter.error.message}":
            return False
        return self._is_of_the_time(letter)

    def _is_of_the_time(self, letter: Letter) -> bool:
        if self.since is None and self.until is None:
            return True
        stored = stored_at(letter)
        if stored is None:
            return False
        return (self.since is None or stored >= self.since) and (self.until is None or stored < self.until)


def choice_of(
    action: str | None,
    table: str | None,
    error: str | None,
    since: str | None,
    until: str | None,
    ids: Collection[str] = (),
) -> Choice:
    """Return what options choose.

    Raises:
        SetupError: a time is none.
    """
    from_, to = _moment("--since", since), _moment("--until", until)
    if from_ is not None and to is not None and from_ >= to:
        raise SetupError(f"--until {until}: expected a time after --since {since}")
    return Choice(action, table, error, from_, to, frozenset(ids))


def stored_at(letter: Letter) -> datetime | None:
    """Return when a letter was stored; None if what it says is no time, since anybody may have written it."""
    try:
        return _in_utc(letter.stored_at)
    except (ValueError, OverflowError):
        return None


def _moment(option: str, text: str | None) -> datetime | None:
    """Read a time, or how long ago it was."""
    if text is None:
        return None
    try:
        return datetime.now(timezone.utc) - timedelta(seconds=Duration.from_yaml(text))
    except ValueError:
        pass
    try:
        return _in_utc(text)
    except (ValueError, OverflowError):
        raise SetupError(
            f"{option} {text}: expected a time such as 2026-11-27T08:30Z, or how long ago, such as 90m, 6h or 2d"
        ) from None


def _in_utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
