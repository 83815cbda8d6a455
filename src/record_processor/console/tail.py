"""The records of a stream as they come: one reader, however many browsers look, for as long as one does."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from record_processor.aws.explanations import explanation
from record_processor.console.shard_reader import MOST_SHARDS, ShardReader
from record_processor.errors import RecordProcessorError, described
from record_processor.fleet import lineage
from record_processor.text.redaction import redacted
from record_processor.text.safe_text import printable

if TYPE_CHECKING:
    from typing import Any

    from record_processor.aws.quick_calls import QuickCalls
    from record_processor.records.change_record import ChangeRecord
    from record_processor.records.stream import Stream

PAUSE_SECONDS = 2.0
"""Between two reads of a shard: DynamoDB allows five per second, and the worker needs them."""
_WATCHED_SECONDS = 12.0
_DESCRIBE_SECONDS = 10.0
MOST_RECORDS = 500
_MOST_BYTES = 32 << 20


class Tailed(NamedTuple):
    """A record, and where it was found."""

    number: int
    """Counts all records that this tail has seen."""
    shard_id: str
    record: ChangeRecord | None
    """None: it cannot be decoded."""
    sequence_number: str
    size_bytes: int


class Tail:
    """Reads one stream from its newest or its oldest records on, and keeps the last ones. Thread-safe."""

    def __init__(self, stream: Stream, describer: Any, calls: QuickCalls, from_oldest: bool) -> None:
        self._stream = stream
        self._describer = describer
        self._calls = calls
        self._from_oldest = from_oldest
        self._lock = threading.Lock()
        self._kept: deque[Tailed] = deque()
        self._kept_bytes = 0
        self._asked_at = 0.0
        self._is_running = False
        self._readers: dict[str, ShardReader] = {}
        self._described_at = 0.0
        self._open_shards = 0
        self.seen = 0
        """How many records were read."""
        self.skipped = False
        """Whether some were passed over, since more come than can be shown."""
        self.error: str | None = None

    def ask(self) -> list[Tailed]:
        """Return what is kept, the oldest first; from now on the stream is read for some seconds."""
        with self._lock:
            self._asked_at = time.monotonic()
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="tail", daemon=True).start()
            return list(self._kept)

    @property
    def shards(self) -> tuple[int, int]:
        """How many shards are read, and how many there are to read."""
        with self._lock:
            return sum(reader.has_begun for reader in self._readers.values()), self._open_shards

    def _run(self) -> None:
        while True:
            started = time.monotonic()
            self._read_once()
            time.sleep(max(PAUSE_SECONDS, 2 * (time.monotonic() - started)))
            with self._lock:
                if time.monotonic() - self._asked_at > _WATCHED_SECONDS:
                    self._forget()
                    return

    def _forget(self) -> None:
        """Begin anew the next time: nobody wants the records in between."""
        self._is_running = False
        self._readers.clear()
        self._kept.clear()
        self._kept_bytes, self._described_at = 0, 0.0
        self.skipped = False

    def _read_once(self) -> None:
        try:
            self._describe()
            for reader in list(self._readers.values()):
                self._take_in(reader)
            self.error = None
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            self.error = printable(redacted(explanation(error, "kinesisEndpoint") or str(error)))
        except RecordProcessorError as error:
            self.error = printable(redacted(str(error)))
        except Exception as error:  # a fault of ours: the page says so
            self.error = printable(redacted(described(error)))

    def _describe(self) -> None:
        """Look for shards now and then: most readers never come to an end."""
        if time.monotonic() - self._described_at < _DESCRIBE_SECONDS:
            return
        shards = lineage.describe(self._describer, self._stream.arn)
        chosen = [shard for shard in shards if self._from_oldest or not shard.is_closed]
        self._open_shards = len(chosen)
        is_first = not self._readers
        for shard in chosen[-MOST_SHARDS:]:
            # All of a shard that appears meanwhile is new.
            from_oldest = self._from_oldest or not is_first
            if shard.shard_id not in self._readers:
                reader = ShardReader(self._calls, self._stream, shard.shard_id, from_oldest)
                with self._lock:
                    self._readers[shard.shard_id] = reader
        self._described_at = time.monotonic()

    def _take_in(self, reader: ShardReader) -> None:
        found = reader.read()
        with self._lock:
            self.skipped = self.skipped or reader.skipped
            for one in found:
                self.seen += 1
                self._kept.append(Tailed(self.seen, reader.shard_id, one.record, one.sequence_number, one.size_bytes))
                self._kept_bytes += one.size_bytes
            while len(self._kept) > MOST_RECORDS or self._kept_bytes > _MOST_BYTES:
                self._kept_bytes -= self._kept.popleft().size_bytes
