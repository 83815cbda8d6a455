"""An application's status for people, as text of some hundred columns."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from record_processor.fleet.model import State
from record_processor.text.safe_text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.delivery.blocks import Block
    from record_processor.delivery.orders import Pause
    from record_processor.fleet.model import Application, Shard, StreamOfTable, Worker

_NOTHING = "-"
_UNKNOWN = "?"
_SHORT = 8
# From this on a number has two digits without a decimal, rounded.
_TEN = 9.95
_MEGABYTE = 1 << 20
_LONG = ((86_400, "d"), (3_600, "h"), (60, "min"))
_STATES = {State.WAITING: "waiting for parent"}
_SHARD_HEADS = (
    *("TABLE", "SHARD", "PARENT", "CHILDREN", "STATE", "OWNER", "CHECKPOINT", "SAVED"),
    *("LAG", "RECORDS/S", "CAUGHT UP IN", "TRIMMED IN"),
)
_WORKER_HEADS = ("WORKER", "VERSION", "SINCE", "LEASES", "CPU", "MEMORY", "SEEN")


def text(found: Application, shows_ended: bool = False) -> str:
    """Return all of it; without shards that have ended, unless they are to be shown."""
    shown = [shard for shard in found.shards if shows_ended or shard.state is not State.ENDED]
    parts = [_header(found), _workers(found), _shards(found, shown)]
    if ended := len(found.shards) - len(shown):
        parts.append(f"{ended} ended shard{'s' * (ended != 1)} not shown; --all shows {'them' if ended > 1 else 'it'}")
    return "\n\n".join(part for part in parts if part)


def duration(seconds: float | None, nothing: str = _NOTHING) -> str:
    """Return a time in two digits or so: 0.4 s, 12 s, 3.5 min, 21 h."""
    if seconds is None:
        return nothing
    for length, unit in _LONG:
        if seconds >= length:
            return f"{_rounded(seconds / length)} {unit}"
    return f"{_rounded(seconds)} s"


def short(shard_id: str, length: int = _SHORT) -> str:
    """Return the end of a shard's id, which is what differs."""
    return shard_id[-length:]


def _rounded(value: float) -> str:
    return f"{value:.0f}" if value >= _TEN or value == 0 else f"{value:.1f}"


def _header(found: Application) -> str:
    moment = datetime.fromtimestamp(found.at, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    lines = [
        f"{found.name} in {found.region} at {moment}",
        *(line for stream in found.streams for line in _stream(stream)),
        f"leader   {found.leader or 'none'}",
        f"lag      {duration(found.lag_seconds, _UNKNOWN)}",
        f"blocked  {found.blocked} of {sum(shard.state is not State.ENDED for shard in found.shards)} shards",
        *(f"paused   {_pause(pause, found.at)}" for pause in found.pauses),
        f"dead     {found.dead_letters} records given up since the workers started",
    ]
    return "\n".join(lines)


def _pause(pause: Pause, now: float) -> str:
    why = f": {printable(pause.reason)}" if pause.reason else ""
    return f"{pause.scope}, {duration(max(0.0, now - pause.at))} ago by {printable(pause.by)}{why}"


def _stream(stream: StreamOfTable) -> list[str]:
    lines = [f"stream   {stream.arn}"]
    if stream.replaced_by is not None:
        lines.append(f"         replaced by {stream.replaced_by}, which is read after it")
    return lines


def _workers(found: Application) -> str:
    if not found.workers:
        return "no worker is running"
    return _table(_WORKER_HEADS, [_worker(worker, found.at) for worker in found.workers])


def _worker(worker: Worker, now: float) -> list[str]:
    memory = worker.memory_bytes
    return [
        worker.worker_id + (" (leader)" if worker.is_leader else ""),
        worker.version or _UNKNOWN,
        duration(None if worker.since is None else now - worker.since, _UNKNOWN),
        str(worker.shards),
        _UNKNOWN if worker.cpu_cores is None else f"{worker.cpu_cores:.2f}",
        _UNKNOWN if memory is None else f"{memory / _MEGABYTE:.0f} MB",
        _seen(worker),
    ]


def _seen(worker: Worker) -> str:
    if worker.seen_seconds_ago is None:
        return "never"
    return f"{duration(worker.seen_seconds_ago)} ago" + (", late" if worker.is_late else "")


def _shards(found: Application, shards: Sequence[Shard]) -> str:
    length = _length(shards)
    rows: list[list[str] | str] = []
    for shard in shards:
        rows.append(_shard(shard, length))
        rows += [_block(block, found.at) for block in shard.blocks]
        if shard.restarts:
            rows.append(f"restarts of its process in a row, without lasting progress: {shard.restarts}")
        if shard.is_trimmed:
            rows.append("records after the checkpoint were trimmed before they were read: they are lost")
    return _table(_SHARD_HEADS, rows) if rows else "no shard is left to read"


def _shard(shard: Shard, length: int) -> list[str]:
    lag = shard.lag
    rate = shard.records_per_second
    return [
        shard.table,
        short(shard.shard_id, length),
        _NOTHING if shard.parent is None else short(shard.parent, length),
        ",".join(short(child, length) for child in shard.children) or _NOTHING,
        _STATES.get(shard.state, shard.state.value),
        shard.owner or _NOTHING,
        shard.checkpoint or _NOTHING,
        _NOTHING if shard.checkpoint_age_seconds is None else f"{duration(shard.checkpoint_age_seconds)} ago",
        duration(lag.seconds, _UNKNOWN),
        _NOTHING if rate is None else _rounded(rate),
        duration(lag.catch_up_seconds),
        duration(lag.trimmed_in_seconds),
    ]


def _block(block: Block, now: float) -> str:
    records = f"{block.records} records from " if block.records > 1 else "record "
    attempts = f"{block.attempts} failed attempt{'s' * (block.attempts != 1)}, " if block.attempts else ""
    again = "" if block.next_try is None else f", next try in {duration(max(0.0, block.next_try - now))}"
    return (
        f"{block.action} blocks {records}{block.sequence_number}: {block.error} "
        f"({attempts}since {duration(max(0.0, now - block.since))}{again})"
    )


def _length(shards: Sequence[Shard]) -> int:
    """Return how many characters at the end tell the shards apart."""
    ids = {one for shard in shards for one in (shard.shard_id, shard.parent or "", *shard.children) if one}
    longest = max(map(len, ids), default=_SHORT)
    return next((n for n in range(_SHORT, longest) if len({one[-n:] for one in ids}) == len(ids)), longest)


def _table(heads: Sequence[str], rows: Sequence[list[str] | str]) -> str:
    """Return columns that are as wide as what is in them; a text among the rows is a line of its own."""
    cells = [[*heads], *(row for row in rows if isinstance(row, list))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(cells[0], widths)]
    lines += [f"    {row}" if isinstance(row, str) else _line(row, widths) for row in rows]
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
