"""One shard process, from its environment to its end: started as a program of its own, or forked (`forker.py`)."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from record_processor.catalog.build import build_actions
from record_processor.delivery import shard_report
from record_processor.delivery.lease import Lease
from record_processor.delivery.orders_file import OrdersView
from record_processor.delivery.suspicion import after_death
from record_processor.delivery.trials import Trials, left_behind
from record_processor.errors import RecordProcessorError, described
from record_processor.logs import log_events, standard_streams
from record_processor.records.stream import Stream
from record_processor.shard import reload
from record_processor.shard.multilang import Protocol
from record_processor.shard.record_processor import RecordProcessor
from record_processor.system import process_end, shard_environment, working_directory
from record_processor.text import redaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.catalog.build import Ready
    from record_processor.delivery.suspicion import Suspicion
    from record_processor.plugin.action import Action
    from record_processor.shard.tracing import Tracing
    from record_processor.system.shard_environment import ShardEnvironment

log = log_events.Log("worker.main")

# How long hooks of `atexit` may take; they run only at an orderly end.
_HOOKS_SECONDS = 2.0


def main(ready: Sequence[Ready] = ()) -> NoReturn:
    """Run to the end; `ready` are actions that the process was forked with."""
    try:
        _run(ready)
    except BaseException as error:  # no user code is involved: that is a bug here
        log.error("shard.failed", f"this shard's process cannot start: {described(error)}", exception=error)
        process_end.end(process_end.DEFECT)


def _run(ready: Sequence[Ready]) -> NoReturn:
    working_directory.remember()
    _own_group()
    _ignore_signals()
    protocol = Protocol()
    env = shard_environment.read()
    log_events.start(env.log_level, sys.stderr, log_events.as_json)
    process_end.confirm_in(env.trials_path)
    tracing = _tracing(env)
    process_end.before(standard_streams.claim())
    if env.reload:
        reload.start()
    stream = Stream(env.stream_arn, env.region)
    log_events.bind(table=stream.table)
    lease = Lease(env.lease_path)
    os.register_at_fork(after_in_child=lambda: _begin_nothing(protocol, lease))
    if env.debug_path is not None:
        from record_processor.shard import debugging  # imported only now: it brings pdb

        debugging.begin(env.debug_path)
    # Before the actions are read: what is replaced meanwhile counts as replaced.
    orders = OrdersView(env.orders_path, env.actions_number)
    actions = _actions(env, lease, ready)
    process_end.before(lambda: _abandon(actions))
    suspicions = _suspicions(env, actions)
    trials = Trials(env.trials_path, actions, suspicions)
    os.register_at_fork(after_in_child=trials.detach)
    process_end.blame = trials.blame
    processor = RecordProcessor(
        actions,
        stream,
        lease,
        env.checkpoint_interval_seconds,
        env.grace_seconds,
        trials,
        suspicions,
        shard_report.path_beside(env.trials_path),
        env.restarts,
        orders,
        None if tracing is None else tracing.begin(),
    )
    status = _serve(protocol, processor, lease)
    if status == process_end.ACTIONS and env.reload:
        reload.wait_for_a_save(lease)
    process_end.end(status)


def _tracing(env: ShardEnvironment) -> Tracing | None:
    """Return the process's tracing, whose end is to be the very last: what else is done at the end may be traced."""
    if env.traced_application is None:
        return None
    from record_processor.shard.tracing import Tracing  # imported only now: it brings OpenTelemetry

    tracing = Tracing(env.traced_application)
    process_end.before(tracing.end)
    return tracing


def _own_group() -> None:
    """Lead a process group of everything that handlers start: whoever started this process ends the whole group."""
    if shard_environment.PROCESS in os.environ:
        with contextlib.suppress(OSError):  # it leads one already
            os.setpgid(0, 0)


def _ignore_signals() -> None:
    """Ignore the signals that service managers send to every process: a shard process ends with its input.

    It must still checkpoint. Not SIG_IGN: programs that a handler starts would inherit it, and could not be ended by
    SIGTERM.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
        signal.siginterrupt(number, False)


def _begin_nothing(protocol: Protocol, lease: Lease) -> None:
    """Clean up in a process that a handler forked: it is not a shard process, though it has all of its memory."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    protocol.let_go()
    lease.forbid()


def _actions(env: ShardEnvironment, lease: Lease, ready: Sequence[Ready]) -> list[Action[Any]]:
    try:
        content = msgspec.json.decode(env.actions_path.read_bytes(), type=shard_environment.Content)
        redaction.remember(content.secrets)
        actions = build_actions(content.actions, ready)
    except RecordProcessorError as error:
        log.error("shard.failed", f"the actions can no longer be built: {error}")
    except BaseException as error:  # a handler's module may raise anything while it is imported
        log.error("shard.failed", f"the actions can no longer be built: {described(error)}", exception=error)
    else:
        return actions
    if env.reload:
        reload.wait_for_a_save(lease)
    return process_end.end(process_end.ACTIONS)


def _suspicions(env: ShardEnvironment, actions: list[Action[Any]]) -> list[Suspicion]:
    """Return the records that may have killed the processes before this one."""
    if env.trials_path is None or env.last_end in ("none", "lease_lost", "stopped"):
        return []
    left = left_behind(env.trials_path)
    if env.last_end not in ("killed", "call_timeout"):
        return left.suspicions
    bisecting = {action.settings.name for action in actions if action.settings.bisect_on_error}
    return after_death(left.suspicions, left.calls, env.last_end, bisecting, time.time())


def _serve(protocol: Protocol, processor: RecordProcessor, lease: Lease) -> int:
    """Return the status to end with."""
    try:
        protocol.run(processor)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else process_end.DEFECT
    except BaseException as error:  # in a message: the processor's own errors end with a status
        if lease.lost:
            return process_end.LEASE_LOST
        log.error("shard.failed", "this shard's process cannot understand KCL's message and is ending", exception=error)
        return process_end.DEFECT
    hooks = threading.Thread(target=atexit._run_exitfuncs, name="atexit", daemon=True)
    hooks.start()
    hooks.join(_HOOKS_SECONDS)
    return process_end.ORDERLY


def _abandon(actions: list[Action[Any]]) -> None:
    for action in actions:
        with contextlib.suppress(Exception):
            action.abandon()
