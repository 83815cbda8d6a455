"""What an operator names, found or refused: tables, actions, shards, and records that block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.config.wording import unknown
from record_processor.config.yaml_file import read_yaml
from record_processor.errors import RecordProcessorError, SetupError
from record_processor.host import stream_arns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from record_processor.config.worker_configuration import WorkerConfiguration
    from record_processor.fleet.model import Application, Shard
    from record_processor.fleet.worker_report import WorkerReport

_MOST_NAMED = 10


def table(configuration: WorkerConfiguration, path: Path, name: str | None) -> str | None:
    """Return a table's name, which may be given as its entry in streamName."""
    if name is None:
        return None
    tables = {entry: stream_arns.parts_of(entry).get("table", entry) for entry in configuration.stream_names}
    if name in tables.values():
        return name
    if name in tables:
        return tables[name]
    raise SetupError(f"--table {name}: streamName in {path} has no such table; it has: {', '.join(tables.values())}")


def check_action(name: str, actions_path: Path, reports: Iterable[WorkerReport]) -> None:
    """Raise SetupError if neither the file nor a worker that reports has such an action."""
    known = {item["name"] for item in _items(actions_path)}
    known |= {totals.action for report in reports for totals in report.actions}
    if name not in known:
        raise SetupError(f"--action: {unknown('action', name, sorted(known))}")


def shard(found: Application, name: str, of_table: str | None = None) -> Shard:
    """Return the shard with this id, or with an id that ends so."""
    shards = [one for one in found.shards if of_table in (None, one.table)]
    chosen = [one for one in shards if one.shard_id == name] or [one for one in shards if one.shard_id.endswith(name)]
    if len(chosen) == 1:
        return chosen[0]
    ids = [one.shard_id for one in chosen or shards]
    listed = ", ".join(ids[:_MOST_NAMED]) + (f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else "")
    where = "" if of_table is None else f" of table {of_table}"
    if chosen:
        raise SetupError(f"{name!r} is the end of several shards{where}: {listed}")
    raise SetupError(f"there is no shard {name!r}{where}; there are: {listed or 'none'}")


def blocks(found: Shard, sequence_number: str, action: str) -> bool:
    """Return whether a record is, or may be, what blocks an action. Of records tried together the first is shown."""
    return any(
        block.sequence_number == sequence_number
        or (block.records > 1 and reaches(sequence_number, block.sequence_number))
        for block in found.blocks
        if block.action == action
    )


def not_blocked(found: Shard, sequence_number: str, action: str) -> str:
    shown = [f"{block.action} by record {block.sequence_number}" for block in found.blocks]
    blocked = f"blocked now: {', '.join(shown)}" if shown else "nothing is blocked now"
    return (
        f"record {sequence_number} does not block {action} on shard {found.shard_id} of table {found.table}, whose "
        f"state is {found.state.value}; {blocked}. Only a record that blocks an action can be skipped"
    )


def reaches(one: str, other: str) -> bool:
    """Return whether both are sequence numbers, and the first is not before the second."""
    return one.isdigit() and other.isdigit() and int(one) >= int(other)


def _items(path: Path) -> list[dict[str, Any]]:
    """Return the actions of a file as they are written; none if it cannot be read here."""
    try:
        data = read_yaml(path).data
    except (RecordProcessorError, OSError):
        return []
    items = data.get("actions") if isinstance(data, dict) else None
    found = items if isinstance(items, list) else []
    return [item for item in found if isinstance(item, dict) and isinstance(item.get("name"), str)]
