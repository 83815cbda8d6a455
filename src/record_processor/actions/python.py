"""`python`: a function of the user's, called as Lambda would call it."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import threading
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from record_processor.actions.base import Action, InvalidSettingError, Shard
from record_processor.actions.batch_response import raise_failures
from record_processor.actions.shapes import Shape, ShapedSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.worker.records import ChangeRecord

Handler = Callable[[dict[str, Any], "Context"], Any]


class PythonSettings(ShapedSettings, kw_only=True, frozen=True):
    """Calls `handler(event, context)` with Lambda's event: `{"Records": [...]}`."""

    handler: Annotated[
        str,
        Meta(
            description="The function, as package.module:function; the working directory is on the import path.",
            pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$",
            extra={"expected": "package.module:function"},
        ),
    ]


class Context(msgspec.Struct, frozen=True):
    """What Lambda's context has that makes sense outside Lambda, and the shard."""

    function_name: str
    """The action's name."""
    aws_request_id: str
    """New for every call."""
    invoked_function_arn: str
    """The stream's ARN: there is no function's."""
    shard_id: str
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 0


class PythonAction(Action[PythonSettings]):
    """A handler may be `async def`: all its calls share one event loop, as many at a time as `concurrency` says."""

    settings_type = PythonSettings
    example = """\
- name: orders
  type: python
  handler: shop.orders:handle
  batch: {size: 100, window: 1s}
"""

    def __init__(self, settings: PythonSettings) -> None:
        super().__init__(settings)
        self._shaped = Shape(settings).of
        self._handler = _imported(settings.handler)
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, shard: Shard) -> None:
        self._shard = shard
        if inspect.iscoroutinefunction(self._handler):
            self._loop = asyncio.new_event_loop()
            self._loop_thread = threading.Thread(target=self._loop.run_forever, name="event-loop", daemon=True)
            self._loop_thread.start()

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        answer = self._handler({"Records": [self._shaped(record) for record in records]}, self._context())
        if self._loop is not None:
            answer = asyncio.run_coroutine_threadsafe(answer, self._loop).result()
        raise_failures(answer, records)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop_thread.join()
            self._loop.close()

    def _context(self) -> Context:
        return Context(
            function_name=self.settings.name,
            aws_request_id=str(uuid.uuid4()),
            invoked_function_arn=self._shard.stream.arn,
            shard_id=self._shard.shard_id,
        )


def _imported(handler: str) -> Handler:
    module_name, _, function_name = handler.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for part in function_name.split("."):
            found = getattr(found, part)
    except AttributeError:
        raise InvalidSettingError("handler", f"module {module_name!r} has no {function_name!r}") from None
    except Exception as error:  # the user's module may raise anything while it is imported
        raise InvalidSettingError(
            "handler", f"cannot import {module_name!r}: {type(error).__name__}: {error}"
        ) from None
    if not callable(found):
        raise InvalidSettingError("handler", f"{handler!r} is not a function, found {type(found).__name__}")
    return found  # type: ignore[no-any-return]
