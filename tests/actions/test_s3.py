from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from record_processor.actions.s3 import S3Action, S3Settings
from record_processor.errors import InvalidSettingError
from tests.actions.delivery import Delivery, changes
from tests.actions.sinks.aws import objects
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.actions.sinks.aws import S3Sink

    StartDelivery = Callable[..., Delivery]

this_sink = pytest.mark.parametrize("sink", ["s3"], indirect=True)


@this_sink
def test_the_same_batch_written_twice_is_the_same_object(sink: S3Sink, delivery: StartDelivery) -> None:
    for _ in range(2):  # as after a crash before the checkpoint
        running = delivery(sink.settings())
        running.submit(changes(20, 2))
        running.finish()
    (found,) = objects(sink.client("s3"), sink.name)
    first, last = (changes(20, 2)[position].sequence_number for position in (0, -1))
    assert found["Key"] == f"Phones/{running.actions[0].settings.name}/2026-11-23/shardId-1/{first}-{last}.jsonl.gz"


@this_sink
def test_without_gzip_the_lines_are_plain(sink: S3Sink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings(), gzip=False, key="{table}/{year}/{month}/{day}/{hour}/{first}_{last}.json")
    running.submit(changes(2, 1))
    running.finish()
    (found,) = objects(sink.client("s3"), sink.name)
    assert found["Key"].startswith("Phones/2026/11/23/06/")
    answer = sink.client("s3").get_object(Bucket=sink.name, Key=found["Key"])
    assert answer["ContentType"] == "application/x-ndjson"
    assert len(answer["Body"].read().splitlines()) == 2


@this_sink
def test_credentials_that_the_server_itself_refuses_hold_the_shard_and_are_not_shown(
    sink: S3Sink, delivery: StartDelivery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    # Clients are kept by their settings, and other tests have made one with the right secret.
    running = delivery({**sink.settings(), "aws": {**sink.aws, "timeout": "7s"}})
    running.submit(changes(2, 1))
    wait_for(lambda: "SignatureDoesNotMatch" in caplog.text, "the refusal is logged")
    assert "not-the-secret" not in caplog.text
    assert running.delivery.low_water() is None
    assert running.letters() == []


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("{first}-{last}", "needs {first}, {last}, and {table} or {shard}"),
        ("{table}/{first}", "needs {first}, {last}, and {table} or {shard}"),
        ("{table}/{first}-{last}-{now}", "expected placeholders of {action}, {date}"),
        ("{table}/{first}-{last}-{", "expected placeholders of {action}, {date}"),
    ],
)
def test_a_key_under_which_objects_could_replace_each_other_is_refused(key: str, says: str) -> None:
    with pytest.raises(InvalidSettingError) as refused:
        S3Action(S3Settings(name="a", type="s3", bucket="abc", key=key))
    assert says in str(refused.value)
