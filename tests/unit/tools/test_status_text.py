"""The status for people."""

from __future__ import annotations

import msgspec
import pytest

from record_processor.delivery.blocks import Block
from record_processor.fleet.lineage import StreamShard
from record_processor.fleet.model import ActionTotals, Application, StreamOfTable
from record_processor.fleet.oldest_records import Oldest
from record_processor.tools.status_text import duration, text
from tests.unit.fleet.builders import LEFT, NOW, PARENT, RIGHT, figures, found, lease, report

BLOCK = Block("pay", "it is down", "101", since=NOW - 20, records=3, attempts=4, next_try=NOW + 6)


def blocked() -> Application:
    mine = report(
        figures(
            LEFT,
            oldest_at=NOW - 7200,
            pending=3,
            records_per_second=12.34,
            speed=3.0,
            saved_at=NOW - 4,
            restarts=3,
            blocks=[BLOCK],
        ),
        cpu_cores=0.256,
        memory_bytes=200 << 20,
        actions=[ActionTotals("Phones", "pay", dead_letters=5)],
    )
    return found(
        lease(PARENT, "SHARD_END"),
        lease(LEFT),
        lease(RIGHT, owner=None),
        reports=(mine,),
        oldest={"s-3": Oldest(is_trimmed=True)},
        leader="me",
    )


def test_everything_about_a_shard_is_in_its_line() -> None:
    shown = text(blocked())
    lines = shown.splitlines()
    assert "app in us-west-2 at 2027-01-15T08:00:00Z" in lines
    assert "lag      2.0 h" in lines
    assert "blocked  1 of 2 shards" in lines
    assert "dead     5 records given up since the workers started" in lines
    (worker,) = [line for line in lines if line.startswith("me (leader)")]
    assert worker.split() == ["me", "(leader)", "1.2.3", "1.0", "min", "1", "0.26", "200", "MB", "1.0", "s", "ago"]
    (left,) = [line for line in lines if "blocked  me" in line]
    assert " ".join(left.split()) == "Phones s-2 s-1 - blocked me 100 4.0 s ago 2.0 h 12 1.0 h 22 h"
    assert "    pay blocks 3 records from 101: it is down (4 failed attempts, since 20 s, next try in 6.0 s)" in lines
    assert "    restarts of its process in a row, without lasting progress: 3" in lines
    assert "    records after the checkpoint were trimmed before they were read: they are lost" in lines
    assert lines[-1] == "1 ended shard not shown; --all shows it"


def test_ended_shards_are_shown_on_request() -> None:
    shown = text(blocked(), shows_ended=True)
    assert "ended" in shown
    assert "s-2,s-3" in shown
    assert "not shown" not in shown


def test_shards_are_told_apart_by_as_much_of_their_ids_as_it_takes() -> None:
    ids = ["shardId-1-aaaaaaaa", "shardId-2-aaaaaaaa", "shardId-3-bbbbbbbb"]
    shown = text(found(shards=tuple(map(StreamShard, ids))))
    assert " 1-aaaaaaaa " in shown
    assert " 3-bbbbbbbb " in shown


def test_nothing_to_show_is_said() -> None:
    shown = text(found(shards=()))
    assert "no worker is running" in shown
    assert "no shard is left to read" in shown
    assert "lag      ?" in shown


def test_a_stream_that_was_replaced_is_said() -> None:
    application = msgspec.structs.replace(blocked(), streams=[StreamOfTable("Phones", "old", "new")])
    assert "stream   old\n         replaced by new, which is read after it" in text(application)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(None, "-"), (0, "0 s"), (0.44, "0.4 s"), (9.99, "10 s"), (59.6, "60 s"), (90, "1.5 min"), (86_400, "1.0 d")],
)
def test_times_have_two_digits(seconds: float | None, expected: str) -> None:
    assert duration(seconds) == expected
