"""Dead letters in each kind of place, and back through their action by `replay`."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.tools.letters.choice import Choice
from record_processor.tools.letters.listing import Listing
from record_processor.tools.letters.places import Places
from record_processor.tools.letters.removal import Removal
from record_processor.tools.letters.view import show
from record_processor.tools.replay import Replay
from tests.actions.delivery import Delivery, change, changes
from tests.actions.sinks.aws import DynamoDBSink, S3Sink, SnsSink, SqsSink, received

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.actions.sinks.base import NetworkSink

    StartDelivery = Callable[..., Delivery]

SHOP = """
import pathlib
mended = pathlib.Path({folder!r}) / "mended"
handled = pathlib.Path({folder!r}) / "handled"
def handle(event, context):
    (record,) = event["Records"]
    if not mended.exists():
        raise ValueError("no stock")
    with handled.open("a") as file:
        file.write(record["dynamodb"]["NewImage"]["n"]["N"] + " ")
"""

readable = pytest.mark.parametrize("sink", ["sqs", "sqs-fifo", "s3", "dynamodb"], indirect=True)


def place(sink: NetworkSink) -> dict[str, Any]:
    """The sink's server as the place for dead letters."""
    if isinstance(sink, SqsSink):
        return {"type": "sqs", "queue_url": sink.queue_url, "aws": sink.aws}
    if isinstance(sink, SnsSink):
        return {"type": "sns", "topic_arn": sink.topic_arn, "aws": sink.aws}
    if isinstance(sink, S3Sink):
        return {"type": "s3", "bucket": sink.name, "prefix": "dead/", "aws": sink.aws}
    assert isinstance(sink, DynamoDBSink)
    return {"type": "dynamodb", "table": sink.name, "aws": sink.aws}


def failing_shop(folder: Path, sink: NetworkSink) -> dict[str, Any]:
    module = f"shop_{sink.name.replace('-', '_')}"
    (folder / f"{module}.py").write_text(SHOP.format(folder=str(folder)))
    retry = {"max_attempts": 1}
    return {"name": "shop", "type": "python", "handler": f"{module}:handle", "retry": retry, "dead_letter": place(sink)}


@readable
def test_letters_go_there_and_back_in_their_order(
    sink: NetworkSink, delivery: StartDelivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = failing_shop(tmp_path, sink)
    running = delivery(settings)
    running.submit([*changes(1, 11), change("item-0", 12, text={"S": "large " * 60_000})])
    running.finish()
    assert running.delivery.low_water() is not None

    def replay(**more: Any) -> int:
        return Replay([settings], **{"dry_run": False, "region": "us-west-2", **more}).run(None)

    assert replay(dry_run=True) == 0
    assert "12 would be replayed" in capsys.readouterr().out
    assert replay() == 1
    assert "failed again: ValueError: no stock" in capsys.readouterr().err
    (tmp_path / "mended").touch()
    assert replay() == 0
    assert "12 succeeded and were removed, 0 failed" in capsys.readouterr().out
    assert (tmp_path / "handled").read_text().split() == [str(number) for number in range(1, 13)]
    assert replay() == 0
    assert "0 succeeded and were removed" in capsys.readouterr().out


@readable
def test_letters_are_listed_shown_purged_and_set_aside_wherever_they_can_be_read(
    sink: NetworkSink, delivery: StartDelivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = failing_shop(tmp_path, sink)
    running = delivery(settings)
    running.submit(changes(1, 4))
    running.finish()
    places = Places([settings], None, "us-west-2")

    def ids() -> list[str]:
        capsys.readouterr()
        Listing(places, Choice()).say(each=True)
        return [line.split()[0] for line in capsys.readouterr().out.splitlines()[:-1]]

    first, second, third, fourth = ids()
    Listing(places, Choice()).say(each=False)
    assert "ValueError: no stock  4 " in capsys.readouterr().out
    show(places, second, shows_values=False)
    said = capsys.readouterr().out
    assert f"id               {second}\n" in said
    assert '"item-0"' not in said
    assert Removal(places, Choice(ids=frozenset([first]))).purge(is_sure=True) == 0
    assert ids() == [second, third, fourth]
    aside = tmp_path / "aside.bad"
    assert Removal(places, Choice(ids=frozenset([second]))).quarantine(aside, dry_run=False) == 0
    assert ids() == [third, fourth]
    in_place = Removal(places, Choice(ids=frozenset([third]))).quarantine(None, dry_run=False)
    assert (in_place, ids()) == ((1, [third, fourth]) if isinstance(sink, SqsSink) else (0, [fourth]))
    (tmp_path / "mended").touch()
    assert Replay([settings], region="us-west-2").run(None) == 0
    assert Replay([settings], region="us-west-2").run(aside) == 0
    assert (tmp_path / "handled").read_text().split() == (["3", "4", "2"] if isinstance(sink, SqsSink) else ["4", "2"])


@readable
def test_a_letter_that_cannot_be_stored_keeps_its_record_undone_until_it_can(
    sink: NetworkSink, delivery: StartDelivery, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sink.faults.throttle(2)
    running = delivery(failing_shop(tmp_path, sink))
    running.submit(changes(1, 1))
    running.finish()
    assert "the dead letters of shop cannot be stored" in caplog.text
    assert Replay([failing_shop(tmp_path, sink)], dry_run=True, region="us-west-2").run(None) == 0


@pytest.mark.parametrize("sink", ["sns"], indirect=True)
def test_a_topic_hears_of_letters_and_replay_says_that_it_cannot_be_read(
    sink: SnsSink, delivery: StartDelivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = failing_shop(tmp_path, sink)
    running = delivery(settings)
    running.submit(changes(1, 2))
    running.finish()
    texts = received(sink.client("sqs"), sink._queue)
    assert [json.loads(text)["error"]["message"] for text in texts] == ["no stock"] * 2
    assert Replay([settings], dry_run=False, region="us-west-2").run(None) == 0
    assert "shop: its dead letters cannot be read back" in capsys.readouterr().err
    Listing(Places([settings], None, "us-west-2"), Choice()).say(each=False)
    said = capsys.readouterr()
    assert ("shop: its dead letters cannot be read back" in said.err, said.out) == (True, "0 dead letters\n")


@pytest.mark.parametrize("sink", ["sqs"], indirect=True)
def test_what_is_no_letter_stays_in_a_queue_and_fails_no_replay(
    sink: SqsSink, tmp_path: Path, delivery: StartDelivery, capsys: pytest.CaptureFixture[str]
) -> None:
    sink.client("sqs").send_message(QueueUrl=sink.queue_url, MessageBody="somebody else's")
    running = delivery(failing_shop(tmp_path, sink))
    running.submit(changes(1, 1))
    running.finish()
    (tmp_path / "mended").touch()
    assert Replay([failing_shop(tmp_path, sink)], dry_run=False, region="us-west-2").run(None) == 0
    assert "1 that are not dead letters remain" in capsys.readouterr().err
    assert received(sink.client("sqs"), sink.queue_url) == ["somebody else's"]


# The FIFO queue's server accepts less than AWS does today, like a queue with its own limit.
@pytest.mark.parametrize("sink", ["sqs-fifo", "sns", "dynamodb"], indirect=True)
def test_a_letter_that_is_too_large_for_its_place_holds_nothing_up(
    sink: NetworkSink, delivery: StartDelivery, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = failing_shop(tmp_path, sink)
    running = delivery(settings)
    noise = base64.b64encode(os.urandom(600_000)).decode()
    running.submit([change("item-0", 1, text={"S": noise}), change("item-0", 2)])
    running.finish()
    assert running.delivery.low_water() is not None
    assert "stored without NewImage" in caplog.text
    if not isinstance(sink, SnsSink):
        (tmp_path / "mended").touch()
        assert Replay([settings], dry_run=False, region="us-west-2").run(None) == 1
        assert (tmp_path / "handled").read_text() == "2 "


@pytest.mark.parametrize("sink", ["s3", "dynamodb"], indirect=True)
def test_what_is_no_letter_is_set_aside_and_fails_no_later_replay(
    sink: NetworkSink, delivery: StartDelivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if isinstance(sink, S3Sink):
        sink.client("s3").put_object(Bucket=sink.name, Key="dead/shop/note.txt", Body=b"somebody's")
    else:
        assert isinstance(sink, DynamoDBSink)
        sink.client("dynamodb").put_item(TableName=sink.name, Item={"id": {"S": "note"}, "letter": {"S": "somebody's"}})
    settings = failing_shop(tmp_path, sink)
    running = delivery(settings)
    running.submit(changes(1, 1))
    running.finish()
    (tmp_path / "mended").touch()

    def replay() -> str:
        assert Replay([settings], dry_run=False, region="us-west-2").run(None) == 0
        return capsys.readouterr().err

    assert "1 that are not dead letters were set aside: " in replay()
    assert replay() == ""
    if isinstance(sink, S3Sink):
        assert sink.client("s3").get_object(Bucket=sink.name, Key="dead/shop.bad/note.txt")["Body"].read()
    else:
        kept = sink.client("dynamodb").get_item(TableName=sink.name, Key={"id": {"S": "note"}})["Item"]
        assert kept["letter"] == {"S": "somebody's"}
