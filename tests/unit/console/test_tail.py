"""A tail reads each shard at its pace, whatever comes, and keeps only what it can show."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from record_processor.console import tail as tails
from record_processor.console.shard_reader import ShardReader
from record_processor.console.tail import Tail
from record_processor.console.tail_desk import TailDesk
from record_processor.fleet import lineage
from record_processor.fleet.lineage import StreamShard
from tests.builders import STREAM, adapter_json
from tests.harness import wait_for
from tests.unit.console.test_letter_desk import said


class Calls:
    """The service, as far as a tail calls it: what it answers is set by the test."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, **content: Any) -> dict[str, Any]:
        self.asked.append((operation, content))
        if operation == "GetShardIterator":
            return {"ShardIterator": f"from {content['ShardIteratorType']}"}
        answer = self.answers.pop(0) if self.answers else page()
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetRecords")


def record(number: int, **values: Any) -> dict[str, Any]:
    return adapter_json(SequenceNumber=str(number), ApproximateCreationDateTime=1_795_415_484, **values)


def page(*records: dict[str, Any], following: str | None = "next") -> dict[str, Any]:
    return {"Records": list(records), "NextShardIterator": following}


def reader(*answers: Any, from_oldest: bool = False) -> tuple[ShardReader, Calls]:
    calls: Any = Calls(*answers)
    return ShardReader(calls, STREAM, "shard-1", from_oldest), calls


def numbers(read: Any) -> list[str]:
    return [one.sequence_number for one in read]


def test_pages_follow_each_other_until_the_shard_ends() -> None:
    made, calls = reader(page(record(1)), page(record(2), following=None))
    assert [numbers(made.read()) for _ in range(3)] == [["1"], ["2"], []]
    assert [content["ShardIterator"] for name, content in calls.asked if name == "GetRecords"] == [
        "from LATEST",
        "next",
    ]


def test_a_read_that_is_refused_is_left_to_the_worker_and_made_the_next_time() -> None:
    made, calls = reader(page(), refusal("ThrottlingException"), page(record(1)))
    assert [numbers(made.read()) for _ in range(3)] == [[], [], ["1"]]
    assert [name for name, _ in calls.asked].count("GetShardIterator") == 1
    assert not made.skipped


@pytest.mark.parametrize("code", ["ExpiredIteratorException", "TrimmedDataAccessException"])
def test_an_iterator_that_is_too_old_is_replaced_and_said(code: str) -> None:
    made, _ = reader(page(), refusal(code), page(record(9)))
    assert [numbers(made.read()) for _ in range(3)] == [[], [], ["9"]]
    assert made.skipped


def test_a_shard_that_is_gone_is_at_its_end_and_other_refusals_are_said() -> None:
    made, _ = reader(refusal("ResourceNotFoundException"), page(record(1)))
    assert [made.read(), made.read()] == [[], []]
    made, _ = reader(refusal("AccessDeniedException"))
    with pytest.raises(ClientError):
        made.read()


def test_more_than_a_page_at_a_time_is_passed_over_and_said_unless_the_oldest_were_asked_for() -> None:
    full = page(*map(record, range(100)))
    made, calls = reader(full, page(record(500)))
    assert len(made.read()) == 100
    assert made.skipped
    made.read()
    assert [content.get("ShardIterator") for name, content in calls.asked if name == "GetRecords"][1] == "from LATEST"
    made, _ = reader(full, from_oldest=True)
    assert len(made.read()) == 100
    assert not made.skipped


def test_a_record_that_cannot_be_decoded_is_one_that_is_shown_as_such() -> None:
    made, _ = reader(page({"dynamodb": "no"}, {"eventName": "X"}, record(3)))
    assert [one.record is None for one in made.read()] == [True, True, False]


def tailed(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> tuple[TailDesk, Calls]:
    monkeypatch.setattr(lineage, "describe", lambda *_: [StreamShard("shard-1")])
    monkeypatch.setattr(tails, "PAUSE_SECONDS", 0.01)
    calls: Any = Calls(*answers)
    return TailDesk(["Phones"], lambda _, oldest: Tail(STREAM, None, calls, oldest), shows_values=False), calls


def ask(desk: TailDesk, **query: str) -> Any:
    return said(desk.read({"table": "Phones", **query}))


def test_a_filter_is_tried_out_on_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, _ = tailed(monkeypatch, page(record(1), record(2, NewImage={"Size": {"N": "99"}})))
    wait_for(lambda: ask(desk)["kept"] == 2, "they are read")
    pattern = "dynamodb: {NewImage: {Size: {N: [{numeric: ['>', 50]}]}}}"
    shown = ask(desk, filter=pattern)
    assert [(one["sequence_number"], one["matches"]) for one in shown["records"]] == [("2", True), ("1", False)]
    assert shown["matching"] == 1
    assert [one["sequence_number"] for one in ask(desk, filter=pattern, matching="1")["records"]] == ["2"]
    assert "99" not in shown["records"][0]["text"]


def test_what_is_wrong_with_a_filter_is_an_answer_and_another_table_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, _ = tailed(monkeypatch)
    assert desk.read({"table": "Phones", "filter": "eventName: X"}).status == 400
    assert desk.read({"table": "Secrets"}).status == 404


def test_a_service_that_refuses_is_said_and_the_tail_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, calls = tailed(monkeypatch, refusal("AccessDeniedException"))
    ask(desk)
    wait_for(lambda: len(calls.asked) > 3 and ask(desk)["error"] is None, "it goes on")


def test_nobody_looks_and_so_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "_WATCHED_SECONDS", 0.05)
    desk, calls = tailed(monkeypatch, page(record(1)))
    assert calls.asked == []
    ask(desk)
    (tail,) = desk._tails.values()
    wait_for(lambda: not tail._is_running, "it has stopped")
    count = len(calls.asked)
    assert ask(desk)["kept"] == 0
    wait_for(lambda: len(calls.asked) > count, "somebody looks again")


def test_only_the_last_records_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "MOST_RECORDS", 3)
    desk, _ = tailed(monkeypatch, page(*map(record, range(1, 6))))
    wait_for(lambda: ask(desk)["seen"] == 5, "all are read")
    assert [one["sequence_number"] for one in ask(desk)["records"]] == ["5", "4", "3"]
