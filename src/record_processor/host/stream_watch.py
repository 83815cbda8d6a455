"""A table's new stream: found, reported, and read from its beginning after the rest of the old one.

Whoever disables a table's stream and enables it again, or deletes the table and creates it again, gets another stream.
The old one no longer grows, and can be read for 24 hours. Its records come first, so that an item's changes stay in
order.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.aws.clients import explained
from record_processor.errors import SetupError
from record_processor.host.stream_arns import parts_of
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from record_processor.host.known_streams import KnownStreams
    from record_processor.host.stream_leases import StreamLeases

log = Log("daemon.streams")

_LONGEST_SECONDS = 300.0
_WRITTEN_EVERY_SECONDS = 300.0


class Followed(NamedTuple):
    """What is needed to follow a table from stream to stream."""

    dynamodb: Any
    leases: StreamLeases
    known: KnownStreams
    mode: str
    told: set[str]
    """New streams that the log has reported."""


def to_read(followed: Followed, table: str, latest: str) -> str:
    """Return the stream to start with: the table's own, or the one before it if that is not done yet.

    Raises:
        SetupError: one of the tables or streams cannot be read.
    """
    known = followed.known.read(table)
    if known is None and followed.mode == "single":
        # Leases that do not belong to this stream belong to one that nobody recorded.
        if followed.leases.any() and not followed.leases.exist(latest):
            followed.leases.create(latest)
    elif known is not None and known.arn < latest:
        following = followed.leases.next_of(known.arn, latest)
        _say_replaced(followed, known.arn, following, known.seen_at)
        return following if _adopted(followed, table, known.arn, following) else known.arn
    followed.known.write(table, latest)
    return latest


class StreamWatch:
    """Checks the tables repeatedly, in its own thread, until one has a new stream that can be read."""

    def __init__(
        self, followed: Followed, streams: Mapping[str, str], interval_seconds: float, on_change: Callable[[], None]
    ) -> None:
        self.streams = dict(streams)
        """By table: the stream that is read, or is to be read from now on."""
        self._began_with = dict(streams)
        self._followed = followed
        self._interval_seconds = interval_seconds
        self._on_change = on_change
        self._said: set[str] = set()
        self._seen_at: dict[str, float] = {}
        self._written_at: dict[str, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stream-watch", daemon=True)
        self._thread.start()

    @property
    def changed(self) -> bool:
        """Whether another JVM is needed, which reads other streams."""
        return self.streams != self._began_with

    def stop(self) -> None:
        self._stopped.set()

    def _watch(self) -> None:
        delay = self._interval_seconds
        while self.streams and not self._stopped.wait(delay):
            answered = [self._look_safely(table, arn) for table, arn in self.streams.items()]
            delay = self._interval_seconds if all(answered) else min(2 * delay, _LONGEST_SECONDS)
            if self.changed:
                self._on_change()
                return

    def _look_safely(self, table: str, arn: str) -> bool:
        """Return whether the table could be looked up."""
        try:
            self._look(table, arn)
        except SetupError as error:
            if self._is_new(str(error)):
                log.warning("stream.not_checked", str(error))
            return False
        return True

    def _look(self, table: str, arn: str) -> None:
        latest = self._latest(table)
        if latest == arn:
            self._see(table, arn)
        elif latest is not None:
            self._meet_new(table, arn, latest)
        elif self._is_new(f"disabled {arn}"):
            message = f"table {table} no longer has a stream, or was deleted: its changes are lost until it has one"
            log.warning("stream.disabled", message, table=table, stream_arn=arn)

    def _meet_new(self, table: str, arn: str, latest: str) -> None:
        known = self._followed.known.read(table)
        following = self._followed.leases.next_of(arn, latest)
        _say_replaced(self._followed, arn, following, self._seen_at.get(table, known.seen_at if known else None))
        others_read_it = known is not None and known.arn >= following
        if others_read_it or _adopted(self._followed, table, arn, following):
            self.streams[table] = following

    def _see(self, table: str, arn: str) -> None:
        """Remember when the stream was last the table's own, and record it now and then for a later worker."""
        before, now = self._written_at.get(table, 0.0), time.time()
        self._seen_at[table] = now
        if now - before > _WRITTEN_EVERY_SECONDS:
            self._written_at[table] = now
            self._followed.known.write(table, arn)

    def _latest(self, table: str) -> str | None:
        dynamodb = self._followed.dynamodb
        with explained(f"table {table}"):
            try:
                description = dynamodb.describe_table(TableName=table)["Table"]
            except dynamodb.exceptions.ResourceNotFoundException:
                return None
        enabled = description.get("StreamSpecification", {}).get("StreamEnabled")
        latest: str | None = description["LatestStreamArn"] if enabled else None
        return latest

    def _is_new(self, what: str) -> bool:
        """Return whether it was not reported yet."""
        if what in self._said:
            return False
        self._said.add(what)
        return True


def _adopted(followed: Followed, table: str, old: str, new: str) -> bool:
    """Have the new stream read if the old one is done."""
    if not followed.leases.are_done(old):
        return False
    followed.leases.create(new)
    followed.known.write(table, new)
    log.info(
        "stream.adopted",
        f"all that was left of the old stream of table {table} is done; the new one is read from its beginning",
        table=table,
        old_stream_arn=old,
        new_stream_arn=new,
    )
    return True


def _say_replaced(followed: Followed, old: str, new: str, seen_at: float | None) -> None:
    """Report it once per new stream."""
    if new in followed.told:
        return
    followed.told.add(new)
    table, made = parts_of(new)["table"], parts_of(new)["label"]
    since = datetime.fromtimestamp(seen_at, timezone.utc).isoformat() if seen_at is not None else None
    log.warning(
        "stream.replaced",
        f"table {table} has a new stream. Changes made while it had none are in no stream and are lost: some time "
        f"between {since or 'an unknown time'}, when the old one was last seen, and {made}, when the new one was made. "
        "What is left of the old one is read first",
        table=table,
        old_stream_arn=old,
        new_stream_arn=new,
        lost_after=since,
        lost_before=made,
    )
