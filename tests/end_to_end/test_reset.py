"""`reset` on a real application: it removes that one's tables, all of them, and only when nobody works with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.end_to_end.test_mistakes import NOBODY_LISTENS, assert_refused, at
from tests.end_to_end.test_positions import TO_FILE, ids
from tests.end_to_end.test_steering import assert_says, steer
from tests.harness import Database, Worker, run_command, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    StartWorker = Callable[..., Worker]


def tables(database: Database) -> set[str]:
    pages = database.client.get_paginator("list_tables").paginate()
    return {name for page in pages for name in page["TableNames"]}


def test_tables_are_removed_when_no_worker_lives_and_the_next_one_begins_anew(
    database: Database, worker: StartWorker
) -> None:
    table = database.table()
    running = worker(table, actions=TO_FILE, workerId="first")
    database.put(table, "a")
    running.wait_for_lines(f"{table}.jsonl", 1)
    wait_for(lambda: database.has_metrics(running.application, "first"), "it has said that it lives")
    before = tables(database)
    own = {running.application, f"{running.application}-CoordinatorState", f"{running.application}-WorkerMetricStats"}
    assert own < before

    refused = steer(running, "reset", "--yes", status=2)
    assert_says(refused, "workers live: first reported itself", "counts as gone")
    assert running.stop() == 0
    shown = steer(running, "reset", status=2)
    assert f"{running.application}: 1 item, about 1 kB" in shown.stdout
    assert_says(shown, "nothing was removed: --yes removes these 3 tables")
    stranger = {"key": {"S": "settings of the shop"}}
    database.client.put_item(TableName=f"{running.application}-CoordinatorState", Item=stranger)
    assert_says(steer(running, "reset", "--yes", status=2), "such as settings of the shop")
    database.client.delete_item(TableName=f"{running.application}-CoordinatorState", Key=stranger)
    assert tables(database) == before

    answer = steer(running, "reset", "--yes")
    assert f"{running.application} is removed" in answer.stdout
    assert tables(database) == before - own
    assert_says(steer(running, "reset", "--yes", status=2), "has no tables in us-west-2", "nothing to remove")
    again = worker(table, actions=TO_FILE)
    wait_for(lambda: ids(again, table) == ["a", "a"], "it begins at initialPositionInStream")


def test_a_worker_whose_word_is_old_news_is_known_by_what_moves(database: Database, worker: StartWorker) -> None:
    quiet = {"reportIntervalMillis": "0", "workerMetricsReporterFreqInMillis": "60000"}
    table = database.table()
    running = worker(table, actions=TO_FILE, workerId="first", **quiet)
    running.wait_for_event("shard.started")
    # As if its clock were wrong.
    past: Any = {"UpdateExpression": "SET lut = :past", "ExpressionAttributeValues": {":past": {"N": "1"}}}
    metrics = f"{running.application}-WorkerMetricStats"
    database.client.update_item(TableName=metrics, Key={"wid": {"S": "first"}}, **past)
    asked = ("--yes", "--set", "workerMetricsReporterFreqInMillis=1000")
    refused = steer(running, "reset", *asked, status=2)
    assert_says(refused, "workers live: first: it has renewed", "nothing has moved for 3 s")
    assert running.application in tables(database)


def test_what_cannot_be_reset_is_one_message(database: Database, tmp_path: Path) -> None:
    table = database.table()

    def asked(**properties: str) -> Any:
        return run_command("reset", at(database, tmp_path, streamName=table, **properties), "--yes", cwd=tmp_path)

    assert_refused(asked(), "application app-mistakes has no tables", database.endpoint)
    assert_refused(asked(applicationName=table), f"table '{table}' is there, and its key is not the one that KCL needs")
    assert_refused(asked(dynamoDBEndpoint=NOBODY_LISTENS), f"cannot connect to {NOBODY_LISTENS}")
    assert_refused(asked(AwsCredentialsProvider="DefaultCredentialsProvider"), "no AWS credentials found")
    assert_refused(asked(regionName="nowhere"), "regionName", "'nowhere'")
    assert_refused(run_command("reset", "absent.properties", cwd=tmp_path), "cannot be read")
    assert table in tables(database)


def test_a_table_that_is_protected_from_deletion_keeps_them_all(database: Database, tmp_path: Path) -> None:
    application, more = "app-protected", {"leaseTableDeletionProtectionEnabled": "true"}
    file = at(database, tmp_path, streamName=database.table(), applicationName=application, **more)
    run_command("run", file, "--set", "jvmOptions=-XX:NoSuchFlag", cwd=tmp_path)  # makes the tables, then fails
    refused = run_command("reset", file, "--yes", cwd=tmp_path)
    assert_refused(refused, f"nothing was removed: table {application} is protected from being deleted")
    assert len([name for name in tables(database) if name.startswith(application)]) == 3
