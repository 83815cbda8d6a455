"""What a shard's process tells the worker's parent process, in a file that outlives it: counters, and where it stands.

The file is mapped shared memory beside the trials file: a counter costs no call. Its life is that of the trials file,
so counters survive the process, and the next one for the shard continues them. Integers have the machine's byte order.

| at | content |
|---|---|
| 0 | the kind of the file |
| 8 | the length of the header |
| 16 | the header, JSON (`Header`) |
| `counters_at` | 64-bit integers: `COUNTERS` and `HISTOGRAMS` of each action, in the header's order; `SHARD_COUNTERS` |
| `snapshot_at` | the length and the CRC-32 of the snapshot, 32 bits each, and the snapshot, JSON (`Snapshot`) |
"""

from __future__ import annotations

import os
import struct
from binascii import crc32
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from record_processor.delivery.blocks import Block, Blocks, Skipped
from record_processor.delivery.histograms import Histogram
from record_processor.errors import described
from record_processor.logs.log_events import Log
from record_processor.system import mapped_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from record_processor.records.stream import Shard

log = Log("worker.delivery")

COUNTERS = ("received", "filtered", "delivered", "delivered_bytes", "failed_attempts", "retries", "dead_letters")
"""What is counted for each action."""
RECEIVED, FILTERED, DELIVERED, DELIVERED_BYTES, FAILED_ATTEMPTS, RETRIES, DEAD_LETTERS = range(len(COUNTERS))

_MICROS, _MILLIS = 1_000_000, 1_000
CALL_SECONDS = Histogram(
    "call_seconds", len(COUNTERS), (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0), _MICROS
)
"""How long calls took, those that failed too."""
# A record's time is in whole seconds.
DONE_SECONDS = Histogram(
    "done_seconds", CALL_SECONDS.end, (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 28800.0), _MILLIS
)
"""How old records were when the action had delivered them."""
BATCH_RECORDS = Histogram("batch_records", DONE_SECONDS.end, (1, 5, 10, 50, 100, 500))
"""How many records calls had."""
HISTOGRAMS = (CALL_SECONDS, DONE_SECONDS, BATCH_RECORDS)

SHARD_COUNTERS = ("checkpoints", "checkpoint_failures")
"""What is counted for the shard."""
CHECKPOINTS, CHECKPOINT_FAILURES = range(len(SHARD_COUNTERS))

_SIZE = BATCH_RECORDS.end
"""How many numbers an action has."""
_KIND = b"RPSHARD1"
_LENGTH_AT, _HEADER_AT = 8, 16
_INTEGER_BYTES = 8
_LARGEST = (1 << 63) - 1
_PREFIX = struct.Struct("=II")
_SNAPSHOT_BYTES = 16 * 1024
# A snapshot that is being written has another CRC; it is complete a moment later.
_LOOKS = 3


class Header(msgspec.Struct, frozen=True):
    """What does not change while the process lives."""

    stream_arn: str
    shard_id: str
    actions: list[str]
    process_id: int
    restarts: int
    counters_at: int
    snapshot_at: int
    lease_file: str = ""
    """Its name, beside the report."""


class Snapshot(msgspec.Struct, omit_defaults=True):
    """Where a shard's process stands. Times are seconds since the epoch."""

    at: float = 0.0
    """When this was written; 0: never."""
    done_up_to: str | None = None
    """The sequence number up to which everything is done."""
    done_created_at: float | None = None
    """When that record was created."""
    oldest_at: float | None = None
    """When the oldest record that is not done was created; None: there is none here."""
    done: int = 0
    """How many records are done since the process started."""
    pending: int = 0
    pending_bytes: int = 0
    saved_at: float | None = None
    """When the checkpoint was last saved."""
    unsaved_since: float | None = None
    """Since when something has waited for a checkpoint, or since the last one if that was later; None: nothing does."""
    empty_at: float | None = None
    """When KCL last read and found nothing: the JVM knows, and whoever reads the report adds it (`lease.empty_at`)."""
    has_caught_up: bool = False
    """Whether that was in the last seconds, and everything is done."""
    is_late: bool = False
    is_paused: bool = False
    blocks: list[Block] = []
    skipped: list[Skipped] = []


class Content(NamedTuple):
    """What a file says."""

    header: Header
    numbers: dict[str, tuple[int, ...]]
    """For each action: its counters in the order of `COUNTERS`, and its histograms."""
    shard_counters: tuple[int, ...]
    """In the order of `SHARD_COUNTERS`."""
    snapshot: Snapshot

    @property
    def counters(self) -> dict[str, tuple[int, ...]]:
        """For each action, in the order of `COUNTERS`."""
        return {action: numbers[: len(COUNTERS)] for action, numbers in self.numbers.items()}


class Counters:
    """The counters of an action or of the shard, by the indices above. Whoever changes one keeps out other threads."""

    __slots__ = ("numbers",)

    def __init__(self, numbers: memoryview | None = None) -> None:
        self.numbers: Any = [0] * _SIZE if numbers is None else numbers

    def detach(self) -> None:
        """Count elsewhere from now on."""
        self.numbers = list(self.numbers)


class ShardReport:
    """The report of this process. Thread-safe."""

    def __init__(
        self, path: Path | None, shard: Shard | None, actions: Sequence[str], restarts: int = 0, lease_file: str = ""
    ) -> None:
        """Continue the report of the process before this one; with no path it is in memory only."""
        before = None if path is None or shard is None else _of_same_shard(path, shard)
        self.blocks = Blocks(() if before is None else before.snapshot.skipped)
        header = _header(shard, actions, restarts, lease_file)
        self._snapshot_at = header.snapshot_at
        self._memory = _memory(path, header.snapshot_at + _PREFIX.size + _SNAPSHOT_BYTES)
        numbers = memoryview(self._memory)[header.counters_at : header.snapshot_at].cast("q")
        self._counters = {name: Counters(numbers[at * _SIZE : (at + 1) * _SIZE]) for at, name in enumerate(actions)}
        self.of_shard = Counters(numbers[len(actions) * _SIZE :])
        if before is not None:
            self._continue(before)
        self._begin(msgspec.json.encode(header))

    def counters(self, action: str) -> Counters:
        return self._counters[action]

    def write(self, snapshot: Snapshot) -> None:
        """Say where the process stands."""
        content = msgspec.json.encode(snapshot)
        if len(content) > _SNAPSHOT_BYTES:
            content = msgspec.json.encode(msgspec.structs.replace(snapshot, blocks=[]))
        prefix = _PREFIX.pack(len(content), crc32(content))
        self._memory[self._snapshot_at : self._snapshot_at + len(prefix) + len(content)] = prefix + content

    def detach(self) -> None:
        """In a forked process: stop writing where the shard process writes."""
        self._memory = bytearray(len(self._memory))
        for counters in (*self._counters.values(), self.of_shard):
            counters.detach()

    def _continue(self, before: Content) -> None:
        for action, numbers in before.numbers.items():
            if action in self._counters:
                _copy(numbers, self._counters[action])
        _copy(before.shard_counters, self.of_shard)
        # A process that does not get as far as its first snapshot is where the one before it was.
        self.write(msgspec.structs.replace(before.snapshot, done=0))

    def _begin(self, header: bytes) -> None:
        self._memory[_HEADER_AT : _HEADER_AT + len(header)] = header
        self._memory[_LENGTH_AT:_HEADER_AT] = struct.pack("=q", len(header))
        # Whoever finds it finds everything else.
        self._memory[: len(_KIND)] = _KIND


def path_beside(trials_path: Path | None) -> Path | None:
    """Return where a shard's report is: the parent process finds it by its name."""
    return None if trials_path is None else trials_path.with_name(trials_path.name.replace("trials", "report", 1))


def trials_beside(report_path: Path) -> Path:
    """Return the trials file, which lives as long as the shard stays with the worker."""
    return report_path.with_name(report_path.name.replace("report", "trials", 1))


def read(path: Path) -> Content | None:
    """Read a report; None if there is none, or none that can be read.

    The snapshot is empty if it could not be read at once: it is being written.
    """
    try:
        content = path.read_bytes()
        header = _header_of(content)
        snapshot = _snapshot_of(content, header)
        for _ in range(_LOOKS):
            if snapshot is not None:
                break
            snapshot = _snapshot_of(path.read_bytes(), header)
    except (OSError, ValueError, struct.error, msgspec.MsgspecError):
        return None
    numbers = struct.unpack_from(f"={_length(header.actions)}q", content, header.counters_at)
    by_action = {name: numbers[at * _SIZE : (at + 1) * _SIZE] for at, name in enumerate(header.actions)}
    return Content(header, by_action, numbers[len(header.actions) * _SIZE :], snapshot or Snapshot())


def _header(shard: Shard | None, actions: Sequence[str], restarts: int, lease_file: str) -> Header:
    arn, shard_id = (shard.stream.arn, shard.shard_id) if shard is not None else ("", "")
    header = Header(arn, shard_id, [*actions], os.getpid(), restarts, _LARGEST, _LARGEST, lease_file)
    # With its places it is no longer than with these.
    counters_at = _aligned(_HEADER_AT + len(msgspec.json.encode(header)))
    snapshot_at = counters_at + _length(actions) * _INTEGER_BYTES
    return msgspec.structs.replace(header, counters_at=counters_at, snapshot_at=snapshot_at)


def _length(actions: Sequence[str]) -> int:
    """Return how many numbers a report has."""
    return len(actions) * _SIZE + len(SHARD_COUNTERS)


def _copy(numbers: Sequence[int], to: Counters) -> None:
    for at, number in enumerate(numbers):
        to.numbers[at] = number


def _header_of(content: bytes) -> Header:
    if content[: len(_KIND)] != _KIND:
        raise ValueError("it is not a report")
    (length,) = struct.unpack_from("=q", content, _LENGTH_AT)
    return msgspec.json.decode(content[_HEADER_AT : _HEADER_AT + length], type=Header)


def _snapshot_of(content: bytes, header: Header) -> Snapshot | None:
    length, crc = _PREFIX.unpack_from(content, header.snapshot_at)
    begin = header.snapshot_at + _PREFIX.size
    text = content[begin : begin + length]
    if not length or crc32(text) != crc:
        return None
    return msgspec.json.decode(text, type=Snapshot)


def _of_same_shard(path: Path, shard: Shard) -> Content | None:
    found = read(path)
    if found is None or (found.header.stream_arn, found.header.shard_id) != (shard.stream.arn, shard.shard_id):
        return None
    return found


def _aligned(at: int) -> int:
    return -(-at // _INTEGER_BYTES) * _INTEGER_BYTES


def _memory(path: Path | None, size: int) -> Any:
    if path is not None:
        try:
            return mapped_file.replace(path, size)
        except OSError as error:
            log.warning("report.unavailable", f"{path} cannot be used: this shard is not reported ({described(error)})")
    return bytearray(size)
