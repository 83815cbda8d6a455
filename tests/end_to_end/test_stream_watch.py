"""Following tables from stream to stream, on the local database, with leases as a worker would leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest

from record_processor.aws import clients
from record_processor.config.worker_configuration import KclTables
from record_processor.host import kcl_tables
from record_processor.host.known_streams import KnownStreams
from record_processor.host.stream_leases import StreamLeases
from record_processor.host.stream_watch import Followed, StreamWatch, to_read
from tests.end_to_end.test_new_streams import NEW, arn_of, made_anew
from tests.harness import REGION, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Database

    Follow = Callable[..., Followed]


@pytest.fixture
def follow(database: Database) -> Follow:
    """Makes an application's tables, and what follows its streams."""

    def made(application: str, mode: str = "single", endpoint: str = database.endpoint) -> Followed:
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
        kcl_tables.prepare(database.client, KclTables.from_values({"applicationName": application}))
        dynamodb, streams = (clients.client(session, name, endpoint) for name in ("dynamodb", "dynamodbstreams"))
        leases = StreamLeases(dynamodb, streams, application, mode)
        return Followed(dynamodb, leases, KnownStreams(dynamodb, f"{application}-CoordinatorState"), mode, set())

    return made


def end_all(database: Database, application: str) -> None:
    """As if a worker had done every shard there is a lease for."""
    for lease in database.leases(application):
        database.client.put_item(TableName=application, Item={**lease, "checkpoint": {"S": "SHARD_END"}})


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(record.__dict__["record_processor_event"]) for record in caplog.records if "daemon" in record.name]


def watched(followed: Followed, table: str, arn: str) -> tuple[StreamWatch, list[bool]]:
    changes: list[bool] = []
    return StreamWatch(followed, {table: arn}, 0.02, lambda: changes.append(True)), changes


def test_a_new_stream_has_leases_at_its_beginning_in_the_form_of_the_adapter(
    database: Database, follow: Follow
) -> None:
    table = database.table()
    arn, application = arn_of(database, table), f"app-{table}"
    follow(application).leases.create(arn)
    follow(application, "multi").leases.create(arn)
    single, multi = sorted(database.leases(application), key=len)
    assert (single["checkpoint"]["S"], multi["checkpoint"]["S"]) == ("TRIM_HORIZON", "TRIM_HORIZON")
    label = arn.rpartition("/")[2].replace(":", "_")
    assert multi["streamName"]["S"] == f"000000000000:{REGION}$000000000000${table}${label}:1"
    assert multi["leaseKey"]["S"] == f"{multi['streamName']['S']}:{single['leaseKey']['S']}"
    assert multi["shardId"] == single["leaseKey"]


@pytest.mark.parametrize("mode", ["single", "multi"])
def test_the_old_stream_is_read_until_it_is_done_and_then_the_new_one(
    database: Database, follow: Follow, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    table = database.table()
    followed, application = follow(f"app-{table}", mode), f"app-{table}"
    first = arn_of(database, table)
    assert to_read(followed, table, first) == first
    followed.leases.create(first)
    old, new = made_anew(database, table)
    assert to_read(followed, table, new) == old
    assert events(caplog) == ["stream.replaced"]
    end_all(database, application)
    assert to_read(followed, table, new) == new
    assert to_read(followed, table, new) == new
    assert events(caplog) == ["stream.replaced", "stream.adopted"]
    followed.known.write(table, old)  # by a worker that has not noticed yet
    known = followed.known.read(table)
    assert known is not None
    assert known.arn == new


def test_a_stream_that_was_made_anew_twice_has_none_passed_over(database: Database, follow: Follow) -> None:
    table = database.table()
    followed, application = follow(f"app-{table}"), f"app-{table}"
    to_read(followed, table, arn_of(database, table))
    followed.leases.create(arn_of(database, table))
    end_all(database, application)
    _, second = made_anew(database, table)
    _, third = made_anew(database, table)
    assert to_read(followed, table, third) == second
    assert to_read(followed, table, third) == second
    end_all(database, application)
    assert to_read(followed, table, third) == third


def test_leases_of_a_stream_that_nobody_wrote_down_do_not_delay_the_new_one(database: Database, follow: Follow) -> None:
    table = database.table()
    followed = follow(f"app-{table}")
    followed.leases.create(arn_of(database, table))
    _, new = made_anew(database, table)
    assert to_read(followed, table, new) == new
    assert followed.leases.exist(new)


def test_a_watch_tells_once_waits_for_the_rest_and_asks_for_a_change_once(
    database: Database, follow: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    table = database.table()
    followed, application = follow(f"app-{table}"), f"app-{table}"
    arn = arn_of(database, table)
    to_read(followed, table, arn)
    followed.leases.create(arn)
    watch, changes = watched(followed, table, arn)
    database.client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    wait_for(lambda: "stream.disabled" in events(caplog), "stream.disabled", 20)
    database.client.update_table(TableName=table, StreamSpecification=NEW)
    new = arn_of(database, table)
    wait_for(lambda: "stream.replaced" in events(caplog), "stream.replaced", 20)
    assert not changes
    end_all(database, application)
    wait_for(lambda: changes, "the change", 20)
    assert (watch.streams, watch.changed) == ({table: new}, True)
    assert events(caplog) == ["stream.disabled", "stream.replaced", "stream.adopted"]


def test_a_watch_follows_a_worker_that_reads_the_new_stream_already(database: Database, follow: Follow) -> None:
    table = database.table()
    followed = follow(f"app-{table}")
    arn = arn_of(database, table)
    to_read(followed, table, arn)
    followed.leases.create(arn)
    _, new = made_anew(database, table)
    followed.known.write(table, new)
    watch, changes = watched(followed, table, arn)
    wait_for(lambda: changes, "the change", 20)
    assert watch.streams == {table: new}


def test_a_watch_that_cannot_look_says_so_once_and_goes_on(
    database: Database, follow: Follow, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = database.table()
    followed = follow(f"app-{table}")
    looks: list[Any] = []
    monkeypatch.setattr(followed.dynamodb, "describe_table", lambda **_: _refused(looks, database))
    watch, changes = watched(followed, table, arn_of(database, table))
    wait_for(lambda: len(looks) > 2, "several looks", 20)
    watch.stop()
    assert events(caplog) == ["stream.not_checked"]
    assert not changes


def _refused(looks: list[Any], database: Database) -> None:
    looks.append(1)
    database.client.describe_table(TableName="no such name")
