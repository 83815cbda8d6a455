"""Every form in which people have records at hand, and what is said of anything else."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from record_processor.dead_letters.letter import write
from record_processor.errors import SetupError
from record_processor.records.change_record import decode
from record_processor.records.stream import Shard
from record_processor.tools import peek
from record_processor.tools.sample_records import SampleRecords
from record_processor.tools.sample_source import read_records
from tests.builders import ARN, STREAM, change_record

if TYPE_CHECKING:
    from record_processor.records.change_record import ChangeRecord

OTHER = ARN.replace("Phones", "Orders")
ITEM = {"id": {"S": "o-1"}, "n": {"N": "1"}}
LAMBDA = change_record(NewImage=ITEM, Keys={"id": {"S": "o-1"}}, SequenceNumber="111").to_lambda()


def read(text: str, keys: tuple[str, ...] = ("id",)) -> list[ChangeRecord]:
    samples = SampleRecords("samples.json", STREAM, keys).read(text)
    return [decode(one.raw.binary_data, one.stream, one.raw.sequence_number) for one in samples]


def without(name: str) -> dict[str, Any]:
    return {**LAMBDA, "dynamodb": {key: value for key, value in LAMBDA["dynamodb"].items() if key != name}}


def test_what_peek_prints_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    made = datetime(2026, 11, 23, 6, 31, 23, tzinfo=timezone.utc)
    for number in ("111", "112"):
        dynamodb = {**without("")["dynamodb"], "ApproximateCreationDateTime": made, "SequenceNumber": number}
        dynamodb["NewImage"] = {**ITEM, "photo": {"B": b"\xff"}}
        peek._print({"eventID": "e", "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": dynamodb})
    found = read(capsys.readouterr().out)
    assert [one.sequence_number for one in found] == ["111", "112"]
    assert found[0].created_at == made
    assert found[0].new_image == {"id": "o-1", "n": 1, "photo": b"\xff"}


def test_an_event_of_lambda_is_read_with_the_stream_that_it_names() -> None:
    (found,) = read(json.dumps({"Records": [{**LAMBDA, "eventSourceARN": OTHER}]}))
    assert (found.table, found.sequence_number, found.new_image) == ("Orders", "111", {"id": "o-1", "n": 1})
    assert found.to_lambda()["dynamodb"]["ApproximateCreationDateTime"] == 1_795_415_484
    (found,) = read(json.dumps({"Records": [{**LAMBDA, "eventSourceARN": "stream-ARN"}]}))
    assert found.table == "Phones"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ITEM),
        json.dumps({"Item": ITEM}) + "\n",
        json.dumps({"Items": [ITEM], "Count": 1, "ConsumedCapacity": None}),
        json.dumps([ITEM]),
        "\ufeff" + json.dumps({"Item": ITEM}, indent=4),
    ],
)
def test_an_item_is_an_insert(text: str) -> None:
    (found,) = read(text)
    assert (found.event_name, found.keys, found.new_image) == ("INSERT", {"id": "o-1"}, {"id": "o-1", "n": 1})


def test_items_get_numbers_in_their_order() -> None:
    first, second = read("\n".join([json.dumps({"Item": ITEM})] * 2))
    assert int(first.sequence_number) < int(second.sequence_number)


def test_a_dead_letter_is_the_record_in_it() -> None:
    record = change_record(SequenceNumber="7")
    letter = write("orders", Shard("shardId-1", STREAM), "7", record.raw, ValueError("no"), 1, None, None)
    (found,) = read(msgspec.json.encode(letter).decode())
    assert (found.sequence_number, found.stream_arn) == ("7", ARN)


@pytest.mark.parametrize(
    ("when", "millis"),
    [
        (1_795_415_484, 1_795_415_484_000),
        (1_795_415_484.5, 1_795_415_484_500),
        (1_795_415_484_321, 1_795_415_484_321),
        ("2026-11-23T06:31:24Z", 1_795_415_484_000),
        ("2026-11-23 06:31:24", 1_795_415_484_000),
    ],
)
def test_times_are_read_in_any_form(when: Any, millis: int) -> None:
    record = without("")
    record["dynamodb"]["ApproximateCreationDateTime"] = when
    assert read(json.dumps(record))[0].created_at_millis == millis


def test_what_a_sample_leaves_out_is_filled_in() -> None:
    small = {"eventName": "REMOVE", "dynamodb": {"Keys": {"id": {"S": "o-1"}}}}
    (found,) = read(json.dumps(small))
    assert (found.event_name, found.keys, found.stream_view_type) == ("REMOVE", {"id": "o-1"}, "NEW_AND_OLD_IMAGES")
    assert found.event_id


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "samples.json: it contains no records; expected JSON: a stream record"),
        ("[]", "samples.json: it contains no records"),
        ('\n{"a": ', "samples.json:2: is not JSON: Expecting value"),
        ('{"a": 1}', r"samples.json:1: expected JSON: .* found a mapping with 'a'$"),
        (json.dumps(ITEM) + "\n12", r"samples.json:2: expected JSON: .* found 12$"),
        ("{}", "found an empty mapping"),
        ("[" * 90_000, "is not JSON: nested too deep"),
        ("[[[[[{}]]]]]", "found them nested too deep"),
        (json.dumps({**LAMBDA, "dynamodb": None}), "dynamodb: expected a mapping, found nothing"),
        (json.dumps({**LAMBDA, "eventName": "UPDATE"}), "samples.json:1: .*UPDATE"),
        (json.dumps(without("Keys")), "missing required field `Keys`"),
        (json.dumps(LAMBDA).replace('"111"', '"a"'), "SequenceNumber: expected up to 64 digits in quotes, found 'a'"),
        (json.dumps(LAMBDA).replace('{"N": "1"}', '{"N": 1}'), "type N cannot hold '1'"),
        (
            json.dumps(LAMBDA).replace("1795415484", '"yesterday"'),
            "ApproximateCreationDateTime: expected seconds since the epoch or an ISO time, found 'yesterday'",
        ),
    ],
)
def test_anything_else_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(SetupError, match=message) as refused:
        read(text)
    assert refused.value.exit_status == 2


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ((), "an item: say which are its keys: --key NAME"),
        (("id", "sk"), "an item: it has no 'sk'; it has: id, n: --key"),
    ],
)
def test_an_item_needs_its_keys(keys: tuple[str, ...], message: str) -> None:
    with pytest.raises(SetupError, match=message):
        read(json.dumps(ITEM), keys)


@pytest.mark.parametrize(
    ("name", "table"), [("Orders", "Orders"), (OTHER, "Orders"), (OTHER.partition("/stream/")[0], "Orders")]
)
def test_records_that_do_not_say_their_table_are_from_the_first_that_the_worker_reads(
    name: str, table: str, tmp_path: Path
) -> None:
    (tmp_path / "items.json").write_text(json.dumps(ITEM))
    (found,) = read_records(tmp_path / "items.json", [name, "Others"], "eu-west-1", ["id"])
    assert (found.stream.table, found.stream.region) == (table, "eu-west-1")


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read: No such file"), (b"\xff{", "is not UTF-8 text")]
)
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SetupError, match=f"x.json: {message}"):
        read_records(path, ["Orders"], "eu-west-1", [])
    with pytest.raises(SetupError, match="cannot be read: Is a directory"):
        read_records(Path(tmp_path), ["Orders"], "eu-west-1", [])
