"""KCL's three tables: whether they are there as KCL needs them, or would have to be created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.aws.clients import explained
from record_processor.errors import SetupError
from record_processor.host import kcl_tables
from record_processor.tools.online.finding import Finding, of_setup_error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record_processor.config.worker_configuration import WorkerConfiguration


def look(dynamodb: Any, configuration: WorkerConfiguration, existing: set[str]) -> Iterator[Finding]:
    """Yield a finding for each of the three; the names of those that exist are added to `existing`."""
    for table in kcl_tables.wanted(configuration.tables):
        try:
            yield _of_table(dynamodb, table, existing)
        except SetupError as failure:
            yield of_setup_error(f"table {table['TableName']}", failure)


def look_at_leases(dynamodb: Any, configuration: WorkerConfiguration) -> Iterator[Finding]:
    """Yield whether the leases that are there fit the streams."""
    names, table = configuration.stream_names, configuration.tables.leases.name
    what = f"leases in {table}"
    try:
        if kcl_tables.find(dynamodb, table) is None:
            return
        with explained(f"lease table {table}"):
            mode = kcl_tables.stream_mode(dynamodb, table, configuration.leases.stream_mode, len(names))
    except SetupError as failure:
        yield of_setup_error(what, failure)
        return
    yield ok(what, f"streamMode {mode}")


def _of_table(dynamodb: Any, wanted: dict[str, Any], existing: set[str]) -> Finding:
    name = wanted["TableName"]
    what = f"table {name}"
    found = kcl_tables.find(dynamodb, name)
    if found is None:
        return ok(what, "not there yet: the worker creates it, and needs dynamodb:CreateTable")
    existing.add(name)
    kcl_tables.check_key(found, wanted)
    missing = _missing_indexes(found, wanted)
    if missing:
        return warning(what, f"has no index {', '.join(missing)}", "KCL adds it once, and needs dynamodb:UpdateTable")
    return ok(what, f"there, {found['TableStatus']}")


def _missing_indexes(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    there, asked = ({one["IndexName"] for one in table.get("GlobalSecondaryIndexes", ())} for table in (found, wanted))
    return sorted(asked - there)
