"""`reset` on a real application: it removes that one's tables, all of them, and only when nobody works with them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from record_processor.config.worker_configuration import KclTables
from record_processor.host import kcl_tables
from tests.end_to_end.test_mistakes import NOBODY_LISTENS, assert_refused, at
from tests.end_to_end.test_positions import TO_FILE
from tests.end_to_end.test_steering import assert_says, steer
from tests.harness import Database, Worker, run_command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    StartWorker = Callable[..., Worker]


def tables(database: Database) -> set[str]:
    pages = database.client.get_paginator("list_tables").paginate()
    return {name for page in pages for name in page["TableNames"]}


def test_tables_are_removed_when_no_worker_lives_by_its_word_or_by_what_moves(
    database: Database, worker: StartWorker
) -> None:
    table = database.table()
    # It reports itself once, and then for a minute its leases alone show that it lives.
    quiet = {"reportIntervalMillis": "0", "workerMetricsReporterFreqInMillis": "60000"}
    running = worker(table, actions=TO_FILE, workerId="first", **quiet)
    database.put(table, "a")
    running.wait_for_lines(f"{table}.jsonl", 1)
    before = tables(database)
    own = {running.application, f"{running.application}-CoordinatorState", f"{running.application}-WorkerMetricStats"}
    assert own < before

    refused = steer(running, "reset", "--yes", status=2)
    assert_says(refused, "workers live: first reported itself", "counts as gone")
    # As if its clock were an hour slow.
    past: Any = {"UpdateExpression": "SET lut = :past", "ExpressionAttributeValues": {":past": {"N": "1"}}}
    metrics = f"{running.application}-WorkerMetricStats"
    database.client.update_item(TableName=metrics, Key={"wid": {"S": "first"}}, **past)
    often = ("--set", "workerMetricsReporterFreqInMillis=1000")
    refused = steer(running, "reset", "--yes", *often, status=2)
    assert_says(refused, "workers live: first: it has renewed", "nothing has moved for 3 s")
    assert running.stop() == 0
    shown = steer(running, "reset", status=2)
    assert f"{running.application}: 1 item, about 1 kB" in shown.stdout
    assert_says(shown, "nothing was removed: --yes removes these 3 tables")
    assert tables(database) == before

    answer = steer(running, "reset", "--yes", *often)
    assert answer.stdout.splitlines()[-2:] == [
        f"{running.application} is removed",
        f"application {running.application} begins anew, at initialPositionInStream",
    ]
    assert tables(database) == before - own


def test_what_cannot_be_reset_is_one_message(database: Database, tmp_path: Path) -> None:
    table = database.table()

    def asked(**properties: str) -> Any:
        return run_command("reset", at(database, tmp_path, streamName=table, **properties), "--yes", cwd=tmp_path)

    assert_refused(asked(), "application app-mistakes", database.endpoint, "nothing to remove")
    assert_refused(asked(applicationName=table), f"table '{table}' is there, and its key is not the one that KCL needs")
    assert_refused(asked(dynamoDBEndpoint=NOBODY_LISTENS), f"cannot connect to {NOBODY_LISTENS}")
    assert_refused(asked(AwsCredentialsProvider="DefaultCredentialsProvider"), "no AWS credentials found")
    assert_refused(asked(regionName="nowhere"), "regionName", "'nowhere'")
    assert_refused(run_command("reset", "absent.properties", cwd=tmp_path), "cannot be read")
    assert table in tables(database)


def made(database: Database, application: str, **properties: str) -> str:
    """Make an application's tables as a worker does, and return its name."""
    name = f"{application}-{uuid.uuid4().hex[:8]}"
    kcl_tables.prepare(database.client, KclTables.from_values({"applicationName": name, **properties}))
    return name


def test_tables_that_are_protected_or_have_items_of_others_stay_all(database: Database, tmp_path: Path) -> None:
    protected = made(database, "protected", leaseTableDeletionProtectionEnabled="true")
    shared = made(database, "shared")
    stranger: Any = {"key": {"S": "settings of the shop"}}
    database.client.put_item(TableName=f"{shared}-CoordinatorState", Item=stranger)
    before = tables(database)
    for application, part in ((protected, "is protected from being deleted"), (shared, "settings of the shop")):
        file = at(database, tmp_path, streamName="Orders", applicationName=application)
        refused = run_command("reset", file, "--yes", cwd=tmp_path)
        assert_refused(refused, f"nothing was removed: table {application}", part)
    assert tables(database) == before
