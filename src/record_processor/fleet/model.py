"""What is known of an application at one moment. Times are seconds since the epoch."""

from __future__ import annotations

import enum

import msgspec

from record_processor.delivery.blocks import Block, Skipped
from record_processor.delivery.orders import Pause


class State(enum.Enum):
    """What a shard is doing; the first that fits."""

    ENDED = "ended"
    """Every record of it is done, and none will come."""
    WAITING = "waiting_for_parent"
    """Its parent has records that are not done, or it is of a new stream and the old one has."""
    UNOWNED = "unowned"
    """No worker has its lease."""
    LATE = "late"
    """Its lease was not renewed in time: its owner may be gone or cut off."""
    PAUSED = "paused"
    """An operator has paused it, or one of its actions."""
    BLOCKED = "blocked"
    """An action fails, and its records wait."""
    STARTING = "starting"
    """Its process is being started, or says nothing."""
    READING = "reading"


class Basis(enum.Enum):
    """From where it is known what is done."""

    CHECKPOINT = "checkpoint"
    """From the lease table: what is done and not saved yet counts as not done."""
    REPORT = "report"
    """From its owner's report."""


class Lag(msgspec.Struct, frozen=True):
    """How far a shard is behind."""

    seconds: float | None
    """The age of its oldest record that is not done; 0 if there is none; None if that could not be found out."""
    oldest_at: float | None = None
    """When that record was created."""
    trimmed_in_seconds: float | None = None
    """When DynamoDB removes it, from now."""
    catch_up_seconds: float | None = None
    """When nothing will be left at the present speed, from now; None: not known, or never."""
    basis: Basis = Basis.CHECKPOINT


class Shard(msgspec.Struct, frozen=True):
    """One shard of a stream."""

    table: str
    stream_arn: str
    shard_id: str
    parent: str | None
    children: list[str]
    state: State
    lag: Lag
    owner: str | None = None
    """The worker that has its lease."""
    checkpoint: str | None = None
    """The sequence number up to which everything is saved as done, or KCL's word for a position."""
    checkpoint_age_seconds: float | None = None
    """How long ago it was saved; None if no worker reports it."""
    records_per_second: float | None = None
    """How many are done; None if no worker reports it."""
    pending: int | None = None
    """How many its process has that are not done; None if no worker reports it."""
    is_trimmed: bool = False
    """Whether records after the checkpoint were trimmed before they were read: they are lost."""
    restarts: int = 0
    """How many times in a row its process was started again without lasting progress."""
    blocks: list[Block] = []
    skipped: list[Skipped] = []
    """The last records that an operator skipped, as far as its process remembers."""
    pauses: list[Pause] = []
    """What is ordered to pause of it."""


class ActionTotals(msgspec.Struct, frozen=True):
    """What an action did with the records of a table since its worker started."""

    table: str
    action: str
    received: int = 0
    filtered: int = 0
    delivered: int = 0
    delivered_bytes: int = 0
    failed_attempts: int = 0
    retries: int = 0
    dead_letters: int = 0


class Worker(msgspec.Struct, frozen=True):
    """One worker of the application."""

    worker_id: str
    is_leader: bool
    shards: int
    """How many leases it has, without those of ended shards."""
    seen_seconds_ago: float | None = None
    """When it last said that it lives; None if it is known by its leases alone."""
    is_late: bool = False
    """Whether it has said nothing for longer than a lease lasts."""
    host: str | None = None
    """This and what follows is None, or empty, without a report of its own."""
    version: str | None = None
    since: float | None = None
    cpu_cores: float | None = None
    """How many cores all of its processes keep busy."""
    memory_bytes: int | None = None
    actions: list[ActionTotals] = []


class StreamOfTable(msgspec.Struct, frozen=True):
    """The stream of a table that is read."""

    table: str
    arn: str
    replaced_by: str | None = None
    """The table's newer stream, which is read after this one."""


class Application(msgspec.Struct, frozen=True):
    """Everything."""

    name: str
    region: str
    at: float
    """When this was true."""
    streams: list[StreamOfTable]
    leader: str | None
    workers: list[Worker]
    shards: list[Shard]
    lag_seconds: float | None
    """The largest of all shards; None if none is known."""
    blocked: int
    """How many shards are blocked."""
    dead_letters: int
    """How many records the workers that report have given up since they started."""
    pauses: list[Pause] = []
    """All that are ordered."""
