from __future__ import annotations

from record_processor.actions.dynamodb import DynamoDBAction, DynamoDBSettings
from record_processor.records.stream import Shard, Stream
from tests.builders import ARN, change_record

NEWER = ARN.replace("2026-11-23", "2026-11-24")


def place(arn: str, sequence_number: str) -> str:
    action = DynamoDBAction(DynamoDBSettings(name="copy", type="dynamodb", table="Copy"))
    action.open(Shard("shardId-1", Stream(arn)))
    _, request = action._request(change_record(SequenceNumber=sequence_number))
    written: str = request["Item"]["_sequence"]["S"]
    assert request["ExpressionAttributeValues"] == {":sequence": {"S": written}}
    return written


def test_a_stream_made_anew_is_newer_whatever_its_sequence_numbers() -> None:
    assert place(ARN, "9") < place(ARN, "10") < place(ARN, "400000000000000000001") < place(NEWER, "1")
