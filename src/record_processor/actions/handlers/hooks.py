"""`startup` and `shutdown` of `python` actions: the user's functions that run once per process."""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.actions.handlers import event_loop
from record_processor.actions.handlers.awaitables import is_awaitable
from record_processor.actions.handlers.deadline import Deadline
from record_processor.actions.handlers.handler_import import imported
from record_processor.errors import InvalidSettingError, StartupFailedError, described
from record_processor.logs.log_events import Log
from record_processor.system import process_end, shard_environment

if TYPE_CHECKING:
    from collections.abc import Callable

log = Log("actions.python")

_SHUTDOWN_PART = 0.2
"""A part of the grace time: what is left once calls have ended and progress is saved."""
_SHUTDOWN_SECONDS = 5.0
"""The same without a worker, as in `replay`."""
_YIELD_SECONDS = 5.0


class Hook(NamedTuple):
    """A sync or async function that is called without arguments."""

    key: str
    """The setting that names it."""
    reference: str
    function: Callable[[], Any]

    @classmethod
    def of(cls, key: str, reference: str | None) -> Hook | None:
        """Return the function that a setting names, if it names one.

        Raises:
            InvalidSettingError: it does not exist, or calling it without arguments runs nothing.
        """
        if reference is None:
            return None
        function: Any = imported(reference, key)
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise InvalidSettingError(
                key, f"{reference!r} is a generator function, so calling it runs none of its code"
            )
        _check_takes_nothing(key, reference, function)
        return cls(key, reference, function)

    def run(self, seconds: float) -> None:
        """Call it, and await what it returns if that is awaitable; a coroutine is cancelled after `seconds` (0: never).

        Raises:
            BaseException: whatever it raises.
        """
        answer = self.function()
        if is_awaitable(answer):
            event_loop.shared.run(answer, Deadline(seconds))


class Hooks:
    """The hooks of one action. A function that several open actions name runs once for all of them.

    Actions are started one after another, in any thread; `stop` may be called from several threads at a time.
    """

    def __init__(self, action: str, startup: str | None, shutdown: str | None, timeout_seconds: float) -> None:
        """Import them; 0 for `timeout_seconds` means that a startup may take forever.

        Raises:
            InvalidSettingError: one cannot be used.
        """
        self._action = action
        self._timeout_seconds = timeout_seconds
        self._startup = Hook.of("startup", startup)
        self._shutdown = Hook.of("shutdown", shutdown)
        self._is_started = False

    def start(self) -> None:
        """Run `startup`, unless an open action has run it.

        Raises:
            StartupFailedError: it raised, or was cancelled at its timeout. It may be started again.
        """
        if self._startup is not None and not _users[self._startup[:2]]:
            self._run_startup(self._startup)
        with _lock:
            _users.update(self._keys())
            self._is_started = True

    def stop(self) -> None:
        """Run `shutdown` if `startup` succeeded and no other open action names it. What it raises is only logged."""
        with _lock:
            if not self._is_started:
                return
            self._is_started = False
            _users.subtract(self._keys())
            is_last = self._shutdown is not None and not _users[self._shutdown[:2]]
        if self._shutdown is not None and is_last:
            self._run_shutdown(self._shutdown)

    def _keys(self) -> list[tuple[str, str]]:
        return [hook[:2] for hook in (self._startup, self._shutdown) if hook is not None]

    def _run_startup(self, hook: Hook) -> None:
        # A coroutine is cancelled at its timeout, and may clean up.
        more = _YIELD_SECONDS if inspect.iscoroutinefunction(hook.function) else 0.0
        watch = threading.Timer(self._timeout_seconds + more, self._overdue)
        watch.daemon = True
        if self._timeout_seconds:
            watch.start()
        try:
            hook.run(self._timeout_seconds)
        except BaseException as error:  # whatever a user's function raises, even SystemExit
            self._say_startup_failed(error)
            raise StartupFailedError(f"{self._action}: startup failed: {described(error)}") from None
        finally:
            watch.cancel()

    def _overdue(self) -> None:
        """A function cannot be stopped, so the process ends; the same if a coroutine blocks the event loop."""
        error = TimeoutError(f"it took longer than the action's timeout, {self._timeout_seconds:g} s")
        process_end.end(process_end.ACTIONS, say=lambda: self._say_startup_failed(error))

    def _say_startup_failed(self, error: BaseException) -> None:
        log.error(
            "handler.startup_failed",
            f"startup of {self._action} failed, so no record is delivered; this shard's process starts again: "
            f"{described(error)}",
            exception=error,
            action=self._action,
        )

    def _run_shutdown(self, hook: Hook) -> None:
        """Run it in a thread, which nobody waits for once its time is over: the process ends anyway."""
        seconds = _shutdown_seconds()
        arguments = (hook, seconds)
        thread = threading.Thread(target=self._shut_down, args=arguments, name=f"{self._action}-shutdown", daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            self._say_shutdown_failed(TimeoutError(f"it took longer than {seconds:g} s, and nothing waits for it"))

    def _shut_down(self, hook: Hook, seconds: float) -> None:
        try:
            hook.run(seconds)
        except BaseException as error:
            self._say_shutdown_failed(error)

    def _say_shutdown_failed(self, error: BaseException) -> None:
        message = f"shutdown of {self._action} failed: {described(error)}"
        log.error("handler.shutdown_failed", message, exception=error, action=self._action)


_users: Counter[tuple[str, str]] = Counter()
"""How many open actions of this process name a hook, by its key and reference."""
_lock = threading.Lock()


def _shutdown_seconds() -> float:
    grace = shard_environment.grace_seconds()
    return _SHUTDOWN_SECONDS if grace is None else grace * _SHUTDOWN_PART


def _check_takes_nothing(key: str, reference: str, function: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(function)
    except ValueError:  # a function written in C need not say
        return
    try:
        signature.bind()
    except TypeError as error:
        raise InvalidSettingError(key, f"{reference!r} is called without arguments: {error}") from None
