"""One shard's child process: `python -m record_processor.worker`, started by KCL."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor import logs, redaction
from record_processor.configuration.build import build_actions
from record_processor.errors import RecordProcessorError
from record_processor.worker import environment
from record_processor.worker.lease import Lease
from record_processor.worker.processor import RecordProcessor
from record_processor.worker.protocol import Protocol
from record_processor.worker.records import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.actions.base import Action

log = logs.Log("worker.main")


def main() -> None:
    # Service managers signal every process of a service. A child's end is the end of its input: it has to checkpoint.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    protocol = Protocol()
    env = environment.read()
    logs.start(env.log_level, sys.stderr, logs.as_json)
    stream = Stream(env.stream_arn, env.region)
    logs.bind(table=stream.table)
    try:
        content = msgspec.json.decode(env.actions_path.read_bytes(), type=environment.Content)
        redaction.remember(content.secrets)
        actions = build_actions(content.actions)
    except RecordProcessorError as error:
        log.error("shard.failed", f"the actions cannot be built any more: {error}")
        raise SystemExit(error.exit_status) from None
    lease = Lease(env.lease_path)
    processor = RecordProcessor(actions, stream, lease, env.checkpoint_interval_seconds, env.grace_seconds)
    try:
        protocol.run(processor)
    except SystemExit as end:
        _end_at_once(end.code if isinstance(end.code, int) else 1, actions)
    if processor.abandoned_work:
        _end_at_once(0, actions)


def _end_at_once(status: int, actions: Sequence[Action[Any]]) -> None:
    """Not orderly: that would wait for threads of the user's, which may go on acting without a lease."""
    for action in actions:
        action.abandon()
    sys.stderr.flush()
    os._exit(status)


main()
