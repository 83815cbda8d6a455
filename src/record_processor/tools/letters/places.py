"""Where the letters of an application are: what its actions name, or a file or folder that somebody names."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from record_processor.aws.clients import explained
from record_processor.catalog.build import build_actions
from record_processor.config.wording import unknown
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.settings import SnsDeadLetter
from record_processor.dead_letters.store import readable_stores
from record_processor.errors import SetupError
from record_processor.logs.terminal import say
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.store import ReadableStore
    from record_processor.tools.letters.choice import Choice

_MOST_NAMED = 10
_LONGEST_ID = 128


class Places:
    """The places of the actions' `dead_letter`, or the files that `source` means."""

    def __init__(self, actions: list[dict[str, Any]], source: Path | None, region: str) -> None:
        self._items = {item["name"]: item for item in actions}
        self._source = source
        self._region = region

    def hold_no_letters(self, store: ReadableStore, letters: Iterable[Letter], unreadable: int) -> bool:
        """Return, and say, whether a file that somebody named is more likely another file than broken letters."""
        if self._source is None or not unreadable or any(True for _ in letters):
            return False
        say(f"{store.name}: none of its {unreadable} lines is a dead letter; the file is unchanged", err=True)
        return True

    def visit(self, work: Callable[[ReadableStore], None], only_action: str | None = None) -> list[str]:
        """Do the work at each place, and release it.

        Returns:
            what went wrong: a place that cannot be read or written holds up no other.

        Raises:
            SetupError: there is no such file.
        """
        broken = []
        for store in self._stores(only_action):
            try:
                with visited(store):
                    work(store)
            except SetupError as error:
                broken.append(str(error))
        return broken

    def refuse_if_nothing(self, choice: Choice, found: int) -> None:
        """Say that nothing was found if that is a mistake.

        Raises:
            SetupError: an action or a letter was asked for that there is not.
        """
        if not found and choice.action is not None and choice.action not in self._items:
            raise SetupError(f"--action: {unknown('action', choice.action, self._items)}")
        if not found and choice.ids:
            raise SetupError(no_such(*sorted(choice.ids)[:_MOST_NAMED]))

    def _stores(self, only_action: str | None) -> list[ReadableStore]:
        return _files(self._source) if self._source is not None else self._configured(only_action)

    def _configured(self, only_action: str | None) -> list[ReadableStore]:
        """Return where letters of an action may be; a place that two of them share appears once.

        An action that is not configured has no place of its own, but letters of it may be in any.
        """
        stores: dict[str, ReadableStore] = {}
        for name, item in self._items.items():
            settings = build_actions([item])[0].settings.dead_letter
            if settings is None or (only_action in self._items and only_action != name):
                continue
            found = readable_stores(settings, name, self._region)
            if isinstance(settings, SnsDeadLetter):
                say(f"{name}: its dead letters cannot be read back", err=True)
            stores.update({store.name: store for store in found})
        return list(stores.values())


def no_such(*ids: str) -> str:
    """Return what to do about ids that no letter has."""
    named = ", ".join(shortened(one, _LONGEST_ID, mark="…") for one in ids)
    return f"no dead letter has the id {named}; `record-processor dead-letters list --each` shows ids"


def say_refused(store: ReadableStore) -> int:
    """Report how many things the place does not return or set aside: they stay, and block no letter."""
    for said in store.refused[:_MOST_NAMED]:
        say(f"{store.name}: stays: {said}", err=True)
    if (more := len(store.refused) - _MOST_NAMED) > 0:
        say(f"{store.name}: so do {more} more", err=True)
    return len(store.refused)


def raise_for(broken: list[str]) -> None:
    """Raise one error for all places that could not be visited."""
    if broken:
        raise SetupError("\n".join(broken))


@contextmanager
def visited(store: ReadableStore) -> Iterator[None]:
    """Do the block at a place, and release it.

    Raises:
        SetupError: it cannot be read or written.
    """
    try:
        with explained(store.name, "the endpoint of the dead letters"):
            yield
    except OSError as error:
        raise SetupError(f"{store.name}: {error}") from error
    finally:
        store.release()


def _files(source: Path) -> list[ReadableStore]:
    if not source.exists():
        raise SetupError(f"there are no dead letters at {source}")
    return [DeadLetterFile(path) for path in (sorted(source.glob("*.jsonl")) if source.is_dir() else [source])]
