"""Nothing that a record contains leads a path, a key, a header, a message or a line astray."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_processor.actions import _sqs_sns
from record_processor.actions.eventbridge import EventBridgeAction, EventBridgeSettings
from record_processor.actions.file import FileAction, FileSettings
from record_processor.actions.http import standard_webhooks
from record_processor.actions.s3 import S3Action, S3Settings
from record_processor.actions.sns import SnsAction, SnsSettings
from record_processor.aws import call_errors
from record_processor.errors import ActionError, InvalidSettingError, PermanentError
from record_processor.records.stream import Shard, Stream
from record_processor.records.template import TextTemplate
from record_processor.tools import peek
from tests.builders import STREAM, change_record

if TYPE_CHECKING:
    from pathlib import Path

_LINE = "{new.Text}"
text = st.one_of(
    st.sampled_from(["../../etc", "a\r\nx-evil: 1", "\0", "\x1b[2J", "\x9b31m", "\ufffe", "\x01\x02", " ", "é" * 300]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
)


def record_with(value: str, **more: Any) -> Any:
    return change_record(Keys={"id": {"S": value}}, NewImage={"id": {"S": value}, "Text": {"S": value}}, **more)


def sns() -> SnsAction:
    return SnsAction(
        SnsSettings(
            name="a",
            type="sns",
            topic_arn="arn:aws:sns:eu-west-1:123456789012:orders.fifo",
            subject=TextTemplate(_LINE),
            group=TextTemplate(_LINE),
            attributes={"text": TextTemplate(_LINE)},
        )
    )


@given(text)
def test_a_message_has_only_what_its_service_takes_whatever_the_record_has(value: str) -> None:
    message = sns().entry(record_with(value)).content
    assert re.fullmatch("[!-~]{1,128}", message["MessageGroupId"])
    assert re.fullmatch(r"[^\x00-\x1f\x7f-\x9f]{1,100}", message.get("Subject", "-"))
    found = message.get("MessageAttributes", {}).get("text", {"StringValue": "-"})["StringValue"]
    assert re.fullmatch("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+", found)


@given(text, text)
def test_records_with_different_keys_keep_different_groups(one: str, other: str) -> None:
    groups = [_sqs_sns.group_of(record_with(value)) for value in (one, other)]
    assert (groups[0] == groups[1]) == (one == other)


@pytest.mark.parametrize("name", ["", "a b", "AWS.x", "amazon.x", ".a", "a.", "a..b", "é", "a" * 257])
def test_a_name_that_no_attribute_may_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidSettingError, match="is not a valid attribute name"):
        _sqs_sns.check_attributes({name: TextTemplate("x")})


def bridge(**settings: Any) -> EventBridgeAction:
    made: dict[str, Any] = {key: TextTemplate(value) for key, value in settings.items()}
    action = EventBridgeAction(EventBridgeSettings(name="a", type="eventbridge", **made))
    action.open(Shard("shardId-1", STREAM))
    return action


@pytest.mark.parametrize(("key", "longest"), [("source", 256), ("detail_type", 128)])
def test_an_event_without_a_source_or_type_that_fits_is_a_failure_for_good(key: str, longest: int) -> None:
    action = bridge(**{key: _LINE})
    for value in ("", "x" * (longest + 1)):
        with pytest.raises(PermanentError, match=f"{key} has .* EventBridge accepts 1 to {longest}"):
            action.entry(record_with(value))
    assert action.entry(record_with("x" * longest)).content
    for fixed in ("", "x" * (longest + 1)):
        with pytest.raises(InvalidSettingError, match=f"expected 1 to {longest} characters"):
            bridge(**{key: fixed})


def test_a_source_of_awss_own_is_refused() -> None:
    with pytest.raises(InvalidSettingError, match="must not begin with aws"):
        bridge(source="aws.orders")


def test_a_file_stays_below_its_folder_whatever_a_shard_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "here"
    for shard_id in ("../../../evil", "..", "/etc/passwd", "a\0b", "x" * 1000):
        action = FileAction(FileSettings(name="a", type="file", path=f"{folder}/{{shard}}/x-{{table}}.jsonl"))
        action.open(Shard(shard_id, Stream("arn:aws:dynamodb:us-west-2:1:table/Orders/stream/1")))
        action.close()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 5
    assert all(folder in path.parents for path in written)


@pytest.mark.parametrize(
    "key",
    [
        "/{table}/{first}-{last}",
        "a//{table}{first}{last}",
        "../{table}{first}{last}",
        "{table}/{first}-{last}/.",
        "\n{table}{first}{last}",
    ],
)
def test_a_key_that_leads_elsewhere_than_it_looks_is_refused(key: str) -> None:
    with pytest.raises(InvalidSettingError, match="no empty part"):
        S3Action(S3Settings(name="a", type="s3", bucket="shop", key=key))


def test_a_key_that_may_become_too_long_is_refused() -> None:
    with pytest.raises(InvalidSettingError, match="longer than S3's 1,024 bytes"):
        S3Action(S3Settings(name="a", type="s3", bucket="shop", key="é" * 300 + "/{table}/{table}/{first}-{last}"))


@given(text)
def test_a_webhooks_id_is_a_header_whatever_the_record_is_called(value: str) -> None:
    assert re.fullmatch("[!-~]+", standard_webhooks.message_id("a", [record_with("1", eventID=value)]))


def test_peek_prints_json_that_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    record = {"dynamodb": {"NewImage": {"text": {"S": "\x1b[2J\x9b31m\u202e\r\n\x7fé"}}}}
    peek._print(record)
    printed = capsys.readouterr().out
    assert json.loads(printed) == record
    assert re.fullmatch("[\n\x20-\x7eé]*", printed)


def test_an_answer_that_says_nothing_of_an_entry_has_not_taken_it() -> None:
    answer = {"Successful": [{"Id": "0"}, {"Id": "7"}], "Failed": [{"Id": "2", "Code": "InternalError"}]}
    failures = _sqs_sns.failures_by_id("sqs", "SendMessageBatch", answer, 3)
    assert sorted(failures) == [1, 2]
    assert "has no result for this entry" in str(failures[1])


def test_an_answer_with_fewer_results_than_entries_has_taken_none() -> None:
    failures = call_errors.of_results("kinesis", "PutRecords", [{}, {"ErrorCode": "InternalFailure"}], 3)
    assert sorted(failures) == [0, 1, 2]
    assert {type(error) for error in failures.values()} == {ActionError}
    assert list(call_errors.of_results("kinesis", "PutRecords", [{}, {"ErrorCode": "InternalFailure"}], 2)) == [1]
