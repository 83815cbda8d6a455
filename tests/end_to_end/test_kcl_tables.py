"""KCL's tables as the properties ask for them, on the local database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.config.worker_configuration import KclTables
from record_processor.host import kcl_tables

if TYPE_CHECKING:
    from tests.harness import Database


def recovery(database: Database, table: str) -> str:
    described = database.client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    return str(described["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"])


def test_point_in_time_recovery_is_enabled_where_it_is_asked_for(database: Database) -> None:
    values = {"applicationName": f"app-{database.table()}"}
    tables = KclTables.from_values({**values, "workerMetricsPointInTimeRecoveryEnabled": "true"})
    kcl_tables.prepare(database.client, tables)
    assert [recovery(database, table.name) for table in tables] == ["DISABLED", "DISABLED", "ENABLED"]


def test_point_in_time_recovery_reaches_tables_that_are_there_already(database: Database) -> None:
    values = {"applicationName": f"app-{database.table()}"}
    kcl_tables.prepare(database.client, KclTables.from_values(values))
    asked = {"leaseTablePitrEnabled": "true", "coordinatorStatePointInTimeRecoveryEnabled": "true"}
    tables = KclTables.from_values({**values, **asked})
    for _ in range(2):
        kcl_tables.prepare(database.client, tables)
    assert [recovery(database, table.name) for table in tables] == ["ENABLED", "ENABLED", "DISABLED"]
