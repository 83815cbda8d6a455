"""What KCL's tables mean, and how streams follow one another."""

from __future__ import annotations

from typing import Any

import pytest

from record_processor.fleet.assembly import Facts, application
from record_processor.fleet.kcl_names import lease_key, stream_identifier
from record_processor.fleet.kcl_state import LET_GO, KclState, Lease, state_of
from record_processor.fleet.lineage import Lineage, StreamShard
from record_processor.fleet.model import State, StreamOfTable
from record_processor.fleet.server_clock import ServerClock
from record_processor.records.stream import Stream
from tests.builders import ARN, STREAM
from tests.unit.fleet.builders import NOW

NEWER = Stream(ARN.replace("2026-11-23", "2026-11-24"), "us-west-2")


def item(**values: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in values.items()}


def test_the_items_of_the_three_tables_are_read_and_what_is_unknown_is_left_out() -> None:
    leases = [
        item(leaseKey="s-1", checkpoint="SHARD_END", leaseOwner="a"),
        item(leaseKey="s-2", checkpoint="17", leaseOwner="b", checkpointOwner="a"),
        {**item(leaseKey="s-3", checkpoint="LATEST"), "latestStartMillis": {"N": "1500"}, "more": {"N": "1"}},
        item(leaseKey="s-4", checkpoint="TRIM_HORIZON", leaseOwner=LET_GO),  # no worker's name
    ]
    coordinator = [
        item(key="Leader", ownerName="a"),
        item(key="Migration3.0", cv="CLIENT_VERSION_3X"),
        item(key="record-processor-stream-Phones", streamArn=ARN),
        {},
    ]
    metrics = [{"wid": {"S": "a"}, "lut": {"N": "100"}}, {"wid": {"S": "new"}}]
    found = state_of(leases, coordinator, metrics)
    assert list(found.leases.values()) == [
        Lease("s-1", "SHARD_END", "a"),
        Lease("s-2", "17", "a"),  # until the handoff is over
        Lease("s-3", "LATEST", None, 1500),
        Lease("s-4", "TRIM_HORIZON", None),
    ]
    assert (found.is_multi, found.leader) == (False, "a")
    assert (found.known_streams, found.last_seen) == ({"Phones": ARN}, {"a": 100.0})


def test_leases_of_several_streams_have_the_streams_name_in_their_keys() -> None:
    name = "123456789012:us-west-2$123456789012$Phones$2026-11-23T06_31_23.882:1"
    assert stream_identifier(STREAM) == name
    assert lease_key(STREAM, "s-1", is_multi=True) == f"{name}:s-1"
    assert lease_key(STREAM, "s-1", is_multi=False) == "s-1"
    local = Stream(ARN.replace("us-west-2", "ddblocal"), "eu-west-1")
    assert stream_identifier(local).startswith("123456789012:eu-west-1$")


@pytest.mark.parametrize(("checkpoint", "expected"), [("5", State.WAITING), ("SHARD_END", State.UNOWNED)])
def test_a_new_stream_of_a_table_waits_until_the_old_one_is_done(checkpoint: str, expected: State) -> None:
    leases = {"s-1": Lease("s-1", checkpoint, "me")}
    old = Lineage(STREAM, [StreamShard("s-1", is_closed=True)], leases, is_multi=False)
    new = Lineage(NEWER, [StreamShard("s-2")], leases, is_multi=False)
    kcl = KclState(leases, False, None, {}, {})
    found = application(Facts("app", "us-west-2", NOW, 10.0, kcl, {}, {}, [old, new], {}))
    assert found.shards[1].state is expected
    assert found.streams == [StreamOfTable("Phones", ARN, NEWER.arn)]


def answered(date: str | None) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPHeaders": {} if date is None else {"date": date}}}


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        ("Thu, 01 Jan 1970 00:01:40 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:01:42 GMT", 2.5),
        ("Thu, 01 Jan 1970 00:00:40 GMT", -59.5),
        ("yesterday", 0.0),
        (None, 0.0),
    ],
)
def test_a_clock_that_is_wrong_by_more_than_a_date_tells_is_set_by_the_servers(date: str | None, ahead: float) -> None:
    clock = ServerClock(lambda: 100.0)
    clock.see(answered(date))
    assert (clock.ahead_seconds, clock.now()) == (ahead, 100.0 + ahead)
