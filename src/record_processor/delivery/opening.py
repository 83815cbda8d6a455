"""Opening an action, which may take long: it connects to something, or runs a user's function."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.plugin.action import Action
    from record_processor.records.stream import Shard

_LOOK_SECONDS = 0.1


def open_action(action: Action[Any], shard: Shard, check: Callable[[], None]) -> None:
    """Open it in a thread, so that a lost lease or a stop ends the wait; raises what `open` or `check` raises."""
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            action.open(shard)
        except BaseException as error:
            errors.append(error)

    # A daemon: a hanging action must not keep a process alive that has lost its lease.
    thread = threading.Thread(target=attempt, name=f"{action.settings.name}-open", daemon=True)
    thread.start()
    thread.join(_LOOK_SECONDS)
    while thread.is_alive():
        check()
        thread.join(_LOOK_SECONDS)
    if errors:
        raise errors[0]
