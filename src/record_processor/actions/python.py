"""`python`: a user's function, called as Lambda would call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from record_processor.actions.handlers import event_loop, handler_threads
from record_processor.actions.handlers.awaitables import is_awaitable
from record_processor.actions.handlers.handler_call import HandlerCalls
from record_processor.actions.handlers.handler_context import Context
from record_processor.actions.handlers.handler_import import imported
from record_processor.actions.handlers.hooks import Hooks
from record_processor.config.units import Duration, default
from record_processor.config.variables import check_variables
from record_processor.logs.log_events import Log
from record_processor.plugin.action import Action
from record_processor.plugin.partial_batch_response import check_handlers_answer, raise_failures
from record_processor.plugin.record_format import FormattedSettings, RecordFormat
from record_processor.records.stream import Shard
from record_processor.system import process_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.actions.handlers.handler_call import HandlerCall
    from record_processor.aws.probes import AddressProbe, AwsProbe
    from record_processor.records.change_record import ChangeRecord

log = Log("actions.python")

_DEFAULT_TIMEOUT = Duration(900.0)
_MOST_NAMED = 10
_REFERENCE = r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$(?!\n)"
_EXPECTED = {"expected": "package.module:function"}


class PythonSettings(FormattedSettings, kw_only=True, frozen=True):
    """Calls `handler(event, context)` with Lambda's event: `{"Records": [...]}`."""

    handler: Annotated[
        str,
        Meta(
            description="The function, as package.module:function. The working directory is on the import path.",
            pattern=_REFERENCE,
            extra=_EXPECTED,
        ),
    ]
    env: Annotated[
        dict[str, str],
        Meta(
            description="Environment variables that are set before any handler is imported. Actions share the shard "
            "process, so the others see them too.",
            extra={"expected": "a map of names and texts"},
        ),
    ] = msgspec.field(default_factory=dict)
    preload: Annotated[
        bool,
        Meta(
            description="Import the handler's module once per worker, before shard processes are forked, which then "
            "share its memory and start sooner. Its import must start no thread and open no connection: that is what "
            "startup is for. Needs warmParent = on, the default."
        ),
    ] = False
    startup: Annotated[
        Annotated[str, Meta(pattern=_REFERENCE)] | None,
        Meta(
            description="A function, as package.module:function, that runs once per shard process before the first "
            "record. It takes no arguments and may be async.",
            extra=_EXPECTED,
        ),
    ] = None
    shutdown: Annotated[
        Annotated[str, Meta(pattern=_REFERENCE)] | None,
        Meta(
            description="A function that runs once per shard process when that ends, also after SIGTERM and when the "
            "lease is lost. It has a fifth of shutdownGraceMillis, and 2s where calls had to be cut off.",
            extra=_EXPECTED,
        ),
    ] = None
    timeout: Annotated[Duration, Meta(description="How long a call may take. Default: 15m. 0s means no limit.")] = (
        default(_DEFAULT_TIMEOUT)
    )


class PythonAction(Action[PythonSettings]):
    """A handler may be `async def`: all its calls share one event loop, as many at a time as `concurrency` allows."""

    settings_type = PythonSettings
    sets_environment = True
    example = """\
- name: orders
  type: python
  handler: shop.orders:handle
  batch: {size: 100, window: 1s}
"""

    def __init__(self, settings: PythonSettings) -> None:
        super().__init__(settings)
        check_variables(settings.env)
        self._shaped = RecordFormat(settings).made_anew
        self._handler = imported(settings.handler)
        self._hooks = Hooks(settings.name, settings.startup, settings.shutdown, settings.timeout)
        self._calls = HandlerCalls(settings.name, settings.timeout, self._overdue)

    @property
    def permissions(self) -> None:
        """What a handler calls is known to its author alone."""

    @property
    def probes(self) -> Sequence[AwsProbe | AddressProbe]:
        return ()

    def open(self, shard: Shard) -> None:
        self._shard = shard
        event_loop.shared.open()
        handler_threads.belong_to_calls()
        self._hooks.start()

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        event = {"Records": [self._shaped(record) for record in records]}
        call = self._calls.begin(records)
        try:
            answer = self._handler(event, Context(self.settings.name, self._shard, call))
            if is_awaitable(answer):
                call.waits_for = answer
                answer = event_loop.shared.run(answer, call)
        finally:
            self._calls.end(call)
        check_handlers_answer(answer)
        raise_failures(answer, records)

    def close(self) -> None:
        self._hooks.stop()
        self._calls.close()
        event_loop.shared.close()

    def abandon(self) -> None:
        self._hooks.stop()

    def _overdue(self, call: HandlerCall) -> None:
        """End the process, since a thread cannot be stopped: the records in the call count an attempt."""
        process_end.end(process_end.CALL_TIMEOUT, call.thread_id, lambda: self._say_overdue(call))

    def _say_overdue(self, call: HandlerCall) -> None:
        log.error(
            "handler.timeout",
            f"{self.settings.name} has been in one call for longer than its timeout, "
            f"{self.settings.timeout:g} s; this shard's process ends, and its records come again",
            event_ids=[record.event_id for record in call.records[:_MOST_NAMED]],
            where=call.where(),
            stack=call.stack(),
            **call.fields(),
        )
