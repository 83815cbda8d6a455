"""Letters that fit into what their places hold, and come out again; and those that nobody here has written."""

from __future__ import annotations

import base64
import gzip
import json
import os
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from record_processor.dead_letters import letter as letters
from record_processor.dead_letters.letter import Letter, fingerprint, write
from record_processor.dead_letters.packing import packed, send, stream_order, unpacked
from tests.builders import STREAM, adapter_json
from tests.unit.dead_letters.test_file import SHARD, letter

TOO_LONG = {"Code": "InvalidParameterValue", "Message": "One or more parameters are invalid. Message too long"}


def large_letter(**images: Any) -> Letter:
    """Return a letter whose record cannot be compressed."""
    image = {"Id": {"N": "7"}, "Photo": {"B": base64.b64encode(os.urandom(300_000)).decode()}}
    images = images or {"NewImage": image, "OldImage": image}
    record = adapter_json(Keys={"Id": {"N": "7"}}, SequenceNumber="1", **images)
    return write("shop", SHARD, "1", json.dumps(record).encode(), ValueError("x" * 3000), 1, None, 2.0)


@given(st.binary(max_size=2000), st.integers(4000, 8000))
def test_whatever_was_packed_comes_out_the_same(raw: bytes, largest_bytes: int) -> None:
    made = write("a", SHARD, "1", raw, ValueError("x"), 1, None, 2.0)
    text, left_out = packed(made, largest_bytes)
    again = unpacked(text)
    assert not left_out
    assert again.raw == made.raw
    assert again.error == made.error


@pytest.mark.parametrize(
    "text", ["", "hello", "{}", "{", "aGVsbG8=", "H4sIAAAA", "[1]", '{"id":' + "[" * 99_999, "\udc80"]
)
def test_what_is_no_letter_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        unpacked(text)


@pytest.mark.parametrize("damage", ["cut", "changed", "a bomb"])
def test_what_cannot_be_unpacked_is_a_value_error(damage: str) -> None:
    content = gzip.compress(msgspec.json.encode(letter(1)) * 9)
    content = {"cut": content[:-9], "changed": content[:30] + b"\xff\xff\xff" + content[33:], "a bomb": b""}[damage]
    content = content or gzip.compress(b" " * (100 << 20), compresslevel=1)
    with pytest.raises(ValueError, match=r"(?i)end-of-stream|error|larger than any dead letter|crc"):
        unpacked(base64.b64encode(content).decode())


def test_letters_are_sorted_as_their_stream_had_them() -> None:
    shuffled = [letter(number) for number in (100, 9, 20)]
    assert [one.sequence_number for one in sorted(shuffled, key=stream_order)] == ["9", "20", "100"]


def test_a_letter_that_is_too_large_loses_its_images_and_says_so() -> None:
    text, left_out = packed(large_letter(), 256 << 10)
    kept = unpacked(text)
    assert left_out == kept.left_out == ("NewImage", "OldImage")
    inside = json.loads(kept.raw)["dynamodb"]
    assert inside["Keys"] == {"Id": {"N": "7"}}
    assert inside["SequenceNumber"] == "1"
    assert not {"NewImage", "OldImage"} & set(inside)
    assert kept.error == large_letter().error


@pytest.mark.parametrize("largest_bytes", [16_384, 4096, 2048, 1024, 600])
def test_however_little_a_place_holds_a_letter_names_its_record_and_error(largest_bytes: int) -> None:
    text, left_out = packed(large_letter(), largest_bytes)
    assert len(text) <= largest_bytes
    kept = unpacked(text)
    assert left_out == kept.left_out
    assert (kept.sequence_number, kept.error.type) == ("1", "ValueError")


def test_bytes_that_are_no_record_are_left_out_as_a_whole() -> None:
    made = write("shop", SHARD, "1", os.urandom(300_000), ValueError("x"), 1, None, 2.0)
    assert packed(made, 256 << 10).left_out == ("record",)


@pytest.mark.parametrize("message", ["\ud800 alone", "a\udcff", "\uffff \ufffe \x00 \x1b"])
def test_any_text_of_an_error_is_one_that_services_take(message: str) -> None:
    """Neither lone surrogates, which have no UTF-8, nor what XML knows no way to write."""
    made = write("shop", SHARD, "1", json.dumps(adapter_json()).encode(), ValueError(message), 1, None, 2.0)
    text = packed(made, 256 << 10).text
    assert all(letter >= " " and letter not in "\ufffe\uffff" for letter in text)
    assert unpacked(text.encode().decode()).error.type == "ValueError"


def test_an_error_that_has_no_text_has_a_letter() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    made = write("shop", SHARD, "1", b"\xff", MuteError(), 1, None, 2.0)
    assert made.error.message == "(its message cannot be read: its str() raises RuntimeError)"
    assert made.error.type == "MuteError"


class Queue:
    """A place with its own limit."""

    def __init__(self, largest_bytes: int, error: dict[str, str] = TOO_LONG) -> None:
        self.largest_bytes = largest_bytes
        self.error = error
        self.texts: list[str] = []

    def send(self, text: str) -> None:
        if len(text) > self.largest_bytes:
            raise ClientError({"Error": self.error}, "SendMessage")  # type: ignore[typeddict-item]
        self.texts.append(text)


def test_a_place_that_holds_less_than_it_might_gets_a_smaller_letter(caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue(70_000)
    send("sqs", large_letter(), 1 << 20, queue.send)
    assert [unpacked(text).left_out for text in queue.texts] == [("NewImage", "OldImage")]
    assert "stored without NewImage, OldImage" in caplog.text


def test_a_large_letter_keeps_its_images_where_the_place_has_room() -> None:
    queue = Queue(1 << 20)
    send("sqs", large_letter(), 1 << 20, queue.send)
    assert unpacked(queue.texts[0]).left_out == ()


@pytest.mark.parametrize(
    "error",
    [
        {"Code": "ThrottlingException", "Message": "Rate exceeded"},
        {"Code": "AWS.SimpleQueueService.NonExistentQueue", "Message": "The specified queue does not exist"},
        {"Code": "InvalidParameterValue", "Message": "no such thing"},
    ],
)
def test_what_is_refused_for_another_reason_keeps_its_images(error: dict[str, str]) -> None:
    with pytest.raises(ClientError):
        send("sqs", letter(1), 1 << 20, Queue(10, error).send)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shard_id", "../home/.bashrc"),
        ("shard_id", ".."),
        ("shard_id", ""),
        ("shard_id", "shardId-1\n"),
        ("stream_arn", "arn:aws:dynamodb:us-west-2:1:table/../stream/x"),
        ("stream_arn", "arn:aws:dynamodb:us-west-2:1:table/a/b/stream/x"),
        ("stream_arn", "arn:aws:dynamodb:us-west-2:1:table/Phones/stream/../x"),
        ("stream_arn", "Phones"),
        ("action", "../shop"),
        ("sequence_number", "1/2"),
        ("sequence_number", "-1"),
    ],
)
def test_a_forged_letter_is_none(field: str, value: str) -> None:
    """Its places become parts of paths and keys when it is replayed."""
    forged = msgspec.structs.replace(letter(1), **{field: value})
    with pytest.raises(ValueError, match=field):
        letters.read(msgspec.json.encode(forged))


@pytest.mark.parametrize(
    "arn",
    [
        STREAM.arn,
        "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/a_b.c-d/stream/2026-11-23T06:31:24.123",
        "arn:aws:dynamodb:ddblocal:000000000000:table/Phones/stream/2026-11-23T06:31:24.123",
    ],
)
def test_every_real_stream_may_be_in_a_letter(arn: str) -> None:
    real = msgspec.structs.replace(letter(1), stream_arn=arn, shard_id="shardId-00000001414576573621-f55eea83")
    assert letters.read(msgspec.json.encode(real)).stream_arn == arn


def test_a_letter_with_the_id_of_another_is_another() -> None:
    forged = msgspec.structs.replace(letter(1), sequence_number="2")
    assert fingerprint(forged) != fingerprint(letter(1))
    again = letter(3)
    assert fingerprint(msgspec.json.decode(msgspec.json.encode(again), type=Letter)) == fingerprint(again)
