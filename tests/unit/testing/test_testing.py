"""The test kit: what it says of records is what the real delivery did with them."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from record_processor import PermanentError
from record_processor.errors import InvalidConfigError, LeaseLostError, StopRequestedError
from record_processor.testing import (
    Actions,
    DeliveryHarness,
    FakeLease,
    FakeSink,
    change_record,
    context,
    event,
    insert,
    make_action,
    modify,
    plain_event,
    remove,
)
from tests.unit.testing.whispering import WhisperAction

if TYPE_CHECKING:
    from collections.abc import Iterator

LETTERS = ", dead_letter: {type: file, path: dead/}"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


def actions(*lines: str, **options: Any) -> Actions:
    Path("actions.yaml").write_text("actions:\n" + "".join(f"  - {{{line}}}\n" for line in lines))
    return Actions("actions.yaml", **options)


def calling(handler: str, more: str = "") -> str:
    return f"name: orders, type: python, handler: 'tests.unit.testing.sample_handlers:{handler}'{more}"


def test_it_says_per_action_what_was_sent_filtered_retried_and_given_up() -> None:
    more = f"{LETTERS}, retry: {{max_attempts: 2}}, filter: {{eventName: [INSERT, REMOVE]}}"
    with actions(calling("picky", more), f"name: queue, type: sqs, queue_url: '{QUEUE}'") as fed:
        first = insert({"id": "good"}), insert({"id": "bad"}), modify({"id": "good"})
        result = fed.feed(*first, remove({"id": "late"}), insert({"id": "hopeless"}))
    orders = result["orders"]
    assert [one.outcome for one in orders.records] == ["sent", "given up", "filtered", "sent", "given up"]
    assert [one.calls for one in orders.records] == [1, 2, 0, 2, 1]
    assert [one.name for one in orders.matched] == [one.name for one in orders.records if one.outcome != "filtered"]
    assert [one.record.keys["id"] for one in orders.retried] == ["bad", "late"]
    assert [one.error for one in orders.given_up] == ["ValueError: bad", "PermanentError: hopeless"]
    assert isinstance(orders.given_up[1].exception, PermanentError)
    assert (orders.ok, result["queue"].ok, result.ok) == (False, True, False)
    assert len(result["queue"].sent) == 5
    assert not Path("dead").exists()


def test_its_results_read_well() -> None:
    more = f"{LETTERS}, retry: {{max_attempts: 2}}, filter: {{eventName: [INSERT]}}"
    with actions(calling("picky", more), "name: show, type: log") as fed:
        result = fed.feed(insert({"id": "good"}), insert({"id": "bad"}), modify({"id": "good"}))
    assert repr(result).splitlines() == [
        "<orders (python): 1 sent, 1 filtered, 1 given up, 1 retried; INSERT Table id=bad: ValueError: bad>",
        "<show (log): 3 sent>",
    ]
    assert repr(result["orders"].given_up) == "[<INSERT Table id=bad: given up after 2 calls: ValueError: bad>]"
    with pytest.raises(KeyError, match="no action 'order'; there are: orders, show"):
        _ = result["order"]


@pytest.mark.parametrize("more", ["", LETTERS])
def test_what_a_worker_would_retry_forever_is_blocked_and_the_next_record_is_delivered(more: str) -> None:
    with actions(calling("picky", more), attempts=4) as fed:
        result = fed.feed(insert({"id": "bad"}), insert({"id": "good"}))
    assert [(one.outcome, one.calls) for one in result["orders"].records] == [("blocked", 4), ("sent", 1)]


def test_without_dead_letters_a_permanent_error_blocks_too() -> None:
    with actions(calling("picky")) as fed:
        assert [one.error for one in fed.feed(insert({"id": "hopeless"}))["orders"].blocked] == [
            "PermanentError: hopeless"
        ]


def test_a_record_past_its_age_is_given_up_without_a_call() -> None:
    more = f"{LETTERS}, retry: {{max_age: 1h}}"
    old = datetime.now(timezone.utc) - timedelta(hours=2)
    with actions(calling("picky", more)) as fed:
        (one,) = fed.feed(insert({"id": "good"}, created_at=old))["orders"].given_up
    assert (one.calls, one.exception) == (0, None)
    assert one.error.startswith("RecordExpired: ")


def test_batches_and_their_bisection_are_those_of_a_worker() -> None:
    more = f"{LETTERS}, batch: {{size: 4, window: 5m}}, bisect_on_error: true, retry: {{max_attempts: 1}}"
    changes = [insert({"id": name}) for name in ("a", "b", "bad", "c", "d")]
    with actions(calling("picky", more)) as fed:
        result = fed.feed(*changes)["orders"]
    assert result.batches == [4, 2, 2, 1, 1, 1]
    assert [one.record.keys["id"] for one in result.given_up] == ["bad"]


def test_a_partial_batch_response_is_understood() -> None:
    with actions(calling("from_bad_on_once", ", batch: {size: 10}")) as fed:
        result = fed.feed(*[insert({"id": name}) for name in ("a", "bad", "c")])["orders"]
    assert [(one.outcome, one.calls) for one in result.records] == [("sent", 1), ("sent", 2), ("sent", 2)]


def test_fakes_show_what_would_be_sent_and_send_nothing() -> None:
    queue = f"name: queue, type: sqs, queue_url: '{QUEUE}', format: plain"
    view = "name: view, type: dynamodb, table: View, attributes: [Total], rename: {Total: amount}"
    bus = (
        'name: bus, type: eventbridge, bus: shop, source: shop, detail_type: "{eventName}", template: {id: "{keys.id}"}'
    )
    line = "name: index, type: command, command: ['false'], template: '{keys.id}'"
    hook = "name: hook, type: webhook, url: 'https://partner.invalid', template: {total: '{new.Total}'}"
    with actions(queue, view, bus, line, hook, "name: audit, type: file, path: changes.jsonl") as fed:
        result = fed.feed(insert({"id": "o-1"}, {"Total": 120}))
    assert result.ok
    assert '"new":{"id":"o-1","Total":120}' in result["queue"].payloads[0]["MessageBody"]
    assert result["view"].payloads[0]["Item"]["amount"] == {"N": "120"}
    assert (result["bus"].payloads[0]["DetailType"], result["bus"].payloads[0]["Detail"]) == ("INSERT", '{"id":"o-1"}')
    assert [str(one) for one in result["hook"].payloads] == ["{'total': Decimal('120')}"]
    assert result["index"].payloads
    assert result["audit"].payloads[0]["eventName"] == "INSERT"
    assert not Path("changes.jsonl").exists()


def test_a_fake_refuses_what_its_action_would_refuse() -> None:
    queue = f"name: queue, type: sqs, queue_url: '{QUEUE}'{LETTERS}"
    view = f"name: view, type: dynamodb, table: View{LETTERS}"
    with actions(queue, view) as fed:
        large = insert({"id": "large"}, {"text": "x" * 1_100_000}, view_type="NEW_AND_OLD_IMAGES")
        result = fed.feed(large, insert({"id": "small"}, view_type="KEYS_ONLY"))
    assert "1,048,576" in result["queue"].given_up[0].error
    assert len(result["queue"].sent) == 1
    assert "KEYS_ONLY" in result["view"].given_up[0].error
    assert len(result["view"].sent) == 1


def test_a_real_action_sends() -> None:
    audit, other = (f"name: {name}, type: file, path: {name}.jsonl" for name in ("audit", "other"))
    with actions(audit, other, real=["audit"]) as fed:
        fed.feed(insert({"id": "o-1"}))
    assert Path("audit.jsonl").read_text().count("\n") == 1
    assert not Path("other.jsonl").exists()
    with actions(audit, real=True) as fed:
        fed.feed(insert({"id": "o-2"}))
    assert Path("audit.jsonl").read_text().count("\n") == 2


def test_a_sink_takes_the_place_of_any_action_and_may_fail() -> None:
    sink = FakeSink(TimeoutError("slow"), ConnectionError("gone"))
    with actions(calling("picky"), sinks={"orders": sink}) as fed:
        result = fed.feed(insert({"id": "bad"}))["orders"]
    assert [(one.outcome, one.calls, str(one.exception)) for one in result.records] == [("sent", 3, "gone")]
    assert [record.keys for record in sink.records] == [{"id": "bad"}]


@pytest.mark.parametrize(("options"), [{"real": ["order"]}, {"sinks": {"order": FakeSink()}}])
def test_a_name_that_is_no_actions_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="unknown action 'order'; did you mean 'orders'"):
        actions(calling("picky"), **options)


def test_errors_in_the_file_are_reported_with_their_lines() -> None:
    with pytest.raises(InvalidConfigError, match=r"actions.yaml:2: .*unknown type 'pyton'"):
        actions("name: orders, type: pyton")


def test_records_go_on_where_those_of_the_last_feed_ended() -> None:
    with actions(calling("picky")) as fed:
        first = fed.feed(insert({"id": "a"}))["orders"].sent
        second = fed.feed(insert({"id": "a"}), insert({"id": "b"}))["orders"].sent
    assert int(second[0].record.sequence_number) == int(first[0].record.sequence_number) + 1
    assert (len(first), len(second)) == (1, 2)


def test_a_call_that_hangs_fails_the_test_and_says_where() -> None:
    from tests.unit.testing import sample_handlers

    with actions(calling("hang"), patience_seconds=0.2) as fed:
        with pytest.raises(TimeoutError, match=r"patience_seconds, 0\.2 s: orders at .*_handlers\.py:\d+ in hang"):
            fed.feed(insert({"id": "a"}))
        sample_handlers.released.set()


def test_a_call_past_its_timeout_does_not_end_the_tests_process() -> None:
    from tests.unit.testing import sample_handlers

    with actions(calling("hang", ", timeout: 100ms")) as fed:
        with pytest.raises(TimeoutError, match="its action's timeout, at which a shard process ends: orders at "):
            fed.feed(insert({"id": "a"}))
        sample_handlers.released.set()


def test_an_async_handler_past_its_timeout_has_failed() -> None:
    with actions(calling("hang_awaiting", ", timeout: 50ms"), attempts=1) as fed:
        (one,) = fed.feed(insert({"id": "a"}))["orders"].blocked
    assert one.error.startswith("HandlerTimeoutError: ")


def test_a_plug_in_is_tested_under_the_real_delivery() -> None:
    with DeliveryHarness(make_action(WhisperAction, path="news.txt", batch={"size": 2}), table="Orders") as harness:
        result = harness.feed(insert({"id": "A"}), remove({"id": "B"}))
    assert Path("news.txt").read_text() == '{"id": "a"}\n{"id": "b"}\n'
    assert repr(result) == "<test (test): 2 sent>"


def test_a_plug_ins_settings_are_checked_as_in_the_file() -> None:
    with pytest.raises(InvalidConfigError, match=r"unknown key 'pth'; did you mean 'path'"):
        make_action(WhisperAction, pth="news.txt")
    with pytest.raises(InvalidConfigError, match=r"batch.size: expected a whole number from 1 to 10000, found 0"):
        make_action(WhisperAction, path="x", batch={"size": 0})


def test_work_that_is_not_durable_is_no_success() -> None:
    action = make_action(WhisperAction, path="news.txt")
    action.flush = lambda: Path("/dev/null/x").touch()  # type: ignore[method-assign]
    with DeliveryHarness(action) as harness:
        result = harness.feed(insert({"id": "A"}))
    assert not result.ok
    assert "not durable: NotADirectoryError" in repr(result)


def test_nothing_starts_after_a_lost_lease_or_a_stop() -> None:
    with DeliveryHarness(make_action(WhisperAction, path="news.txt"), lease=FakeLease()) as harness:
        harness.lease.lose()
        with pytest.raises(LeaseLostError):
            harness.feed(insert({"id": "A"}))
    with DeliveryHarness(make_action(WhisperAction, path="news.txt")) as harness:
        harness.lease.ask_to_stop()
        with pytest.raises(StopRequestedError):
            harness.feed(insert({"id": "A"}))
    assert not Path("news.txt").exists()


def test_work_waits_for_a_late_lease() -> None:
    lease = FakeLease()
    lease.be_late()
    held = threading.Timer(0.2, lease.hold)
    with DeliveryHarness(make_action(WhisperAction, path="news.txt"), lease=lease) as harness:
        held.start()
        assert harness.feed(insert({"id": "A"})).ok
    assert not lease.lost


def test_a_handler_can_be_called_by_itself() -> None:
    given = event(insert({"id": "o-1"}, {"Total": 5}), remove({"id": "o-1"}, {"Total": 5}, ttl=True), table="Orders")
    first, second = given["Records"]
    assert first["dynamodb"]["NewImage"] == {"id": {"S": "o-1"}, "Total": {"N": "5"}}
    assert "NewImage" not in second["dynamodb"]
    assert second["userIdentity"]["principalId"] == "dynamodb.amazonaws.com"
    assert ":table/Orders/" in first["eventSourceARN"]
    assert plain_event(modify({"id": "o-1"}, {"Total": 5}, {"Total": 6}))["Records"][0]["old"] == {
        "id": "o-1",
        "Total": 5,
    }
    assert 0 < context("orders", timeout_seconds=5).get_remaining_time_in_millis() <= 5000


def test_a_record_for_deliver_is_a_streams() -> None:
    record = change_record(modify({"id": "o-1"}, {"n": 1}, {"n": 2}, view_type="NEW_IMAGE"), table="Orders")
    assert (record.event_name, record.table, record.keys) == ("MODIFY", "Orders", {"id": "o-1"})
    assert (record.old_image, record.new_image) == (None, {"id": "o-1", "n": 2})


def test_a_change_needs_keys() -> None:
    with pytest.raises(ValueError, match="expected the item's primary key"):
        insert({})
