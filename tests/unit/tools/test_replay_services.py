"""Replay from services in which somebody else has put something, or which refuse a part."""

from __future__ import annotations

import base64
import gzip
import io
import tracemalloc
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from record_processor.dead_letters import dynamodb, s3, sqs
from record_processor.dead_letters.held import HeldLetters
from record_processor.tools.replay import Replay
from tests.unit.dead_letters.test_file import letter

if TYPE_CHECKING:
    from pathlib import Path


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


class Service:
    """S3, SQS and DynamoDB at once, as far as a replay calls them. `things` are what they hold, by key or receipt."""

    def __init__(self) -> None:
        self.things: dict[str, bytes] = {}
        self.aside: list[str] = []
        self.refused: dict[str, str] = {}
        """By key: the code with which reading or setting aside is refused."""
        self.calls: list[str] = []
        self.endless = False
        """Whether a queue gets a message whenever one was received."""
        self._received = 0

    def get_paginator(self, _: str) -> Service:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        items = [{"id": {"S": key}, "letter": {"S": self._text(key)}} for key in self.things]
        return [{"Contents": [{"Key": key} for key in self.things], "Items": items}]

    def get_object(self, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - the SDK's
        if code := self.refused.get(Key):
            raise refusal(code)
        return {"Body": io.BytesIO(self.things[Key])}

    def copy_object(self, CopySource: dict[str, str], **_: Any) -> None:  # noqa: N803
        self._set_aside(CopySource["Key"])

    def update_item(self, Key: dict[str, Any], **_: Any) -> None:  # noqa: N803
        self._set_aside(Key["id"]["S"])

    def delete_object(self, Key: str, **_: Any) -> None:  # noqa: N803
        self._delete(Key)

    def delete_item(self, Key: dict[str, Any], **_: Any) -> None:  # noqa: N803
        self._delete(Key["id"]["S"])

    def delete_message(self, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        self._delete(ReceiptHandle)

    def receive_message(self, **_: Any) -> dict[str, Any]:
        self._received += 1
        if self.endless:
            self.things[f"more {self._received}"] = body = stored(self._received)
            return {"Messages": [{"Body": body.decode(), "ReceiptHandle": f"more {self._received}"}]}
        if self._received > 1:
            raise refusal("OverLimit")
        return {"Messages": [{"Body": self._text(key), "ReceiptHandle": key} for key in self.things]}

    def change_message_visibility_batch(self, Entries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        self.calls.append(f"{'hold' if Entries[0]['VisibilityTimeout'] else 'release'} {len(Entries)}")
        gone = [entry["Id"] for entry in Entries if entry["ReceiptHandle"] in self.refused]
        return {"Failed": [{"Id": entry} for entry in gone]} if gone else {}

    def _text(self, key: str) -> str:
        return self.things[key].decode(errors="replace")

    def _delete(self, key: str) -> None:
        self.calls.append(f"delete {key}")
        self.things.pop(key, None)

    def _set_aside(self, key: str) -> None:
        if code := self.refused.get(key):
            raise refusal(code)
        self.aside.append(key)


PLACES = {
    "s3": {"type": "s3", "bucket": "dead"},
    "sqs": {"type": "sqs", "queue_url": "https://sqs.us-west-2.amazonaws.com/1/dead"},
    "dynamodb": {"type": "dynamodb", "table": "dead"},
}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Service:
    made = Service()
    for module in (dynamodb, s3, sqs):
        monkeypatch.setattr(module, "client", lambda *_: made)
    monkeypatch.chdir(tmp_path)
    return made


def replay(place: str) -> int:
    action = {"name": "shop", "type": "file", "path": "replayed.jsonl", "dead_letter": PLACES[place]}
    return Replay([action], dry_run=False, region="us-west-2").run(None)


def stored(number: int, **changed: Any) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(letter(number), **changed))


BAD = {
    "corrupt gzip": base64.b64encode(gzip.compress(stored(9) * 9)[:-9]),
    "a bomb": base64.b64encode(gzip.compress(b" " * (64 << 20), compresslevel=1)),
    "invalid UTF-8": stored(9).replace(b"failure", b"\xff\xfe"),
    "a bad ARN": stored(9, stream_arn="arn:aws:s3:::bucket"),
    "a bad shard": stored(9, shard_id="../up"),
    "a huge number": stored(9).replace(b'"attempts":3', b'"attempts":' + b"9" * 5000),
    "too deep": b'{"id":' + b"[" * 100_000,
    "another shape": b'{"id": "1"}',
    "nothing": b"",
}


@pytest.mark.parametrize("place", list(PLACES))
def test_one_bad_letter_of_any_kind_holds_up_no_good_one(
    service: Service, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.things = {**BAD, "good": stored(1), "good too": stored(2)}
    del service.things["invalid UTF-8" if place != "s3" else "nothing"]  # a text has none
    assert replay(place) == 0
    assert len((tmp_path / "replayed.jsonl").read_text().splitlines()) == 2
    assert not {"good", "good too"} & set(service.things)
    assert f"{len(BAD) - 1} that are not dead letters" in capsys.readouterr().err
    assert len(service.aside) == (0 if place == "sqs" else len(BAD) - 1)
    assert place != "sqs" or f"release {len(BAD) - 1}" in service.calls


@pytest.mark.parametrize("place", list(PLACES))
def test_a_letter_of_a_service_is_removed_before_the_next_is_delivered(
    service: Service, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that even a kill delivers no more than one again."""
    (tmp_path / f"seeing_{place}.py").write_text("seen = []\ndef handle(event, context):\n    seen.append(look())\n")
    monkeypatch.syspath_prepend(tmp_path)
    module: Any = __import__(f"seeing_{place}")
    module.look = lambda: sorted(service.things)
    service.things = {str(number): stored(number) for number in (3, 1, 2)}
    action = {"name": "shop", "type": "python", "handler": f"seeing_{place}:handle", "dead_letter": PLACES[place]}
    assert Replay([action], dry_run=False, region="us-west-2").run(None) == 0
    assert module.seen == [["1", "2", "3"], ["2", "3"], ["3"]]


@pytest.mark.parametrize(
    ("place", "code"), [("s3", "InvalidObjectState"), ("s3", "KeyTooLongError"), ("dynamodb", "ValidationException")]
)
def test_what_a_service_refuses_for_one_thing_is_said_and_holds_up_no_other(
    service: Service, place: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.things = {"bad": b"no letter", "good": stored(1)}
    service.refused = {"bad": code}
    assert replay(place) == 1
    assert list(service.things) == ["bad"]
    assert len((tmp_path / "replayed.jsonl").read_text().splitlines()) == 1
    output = capsys.readouterr()
    assert f"bad: AWS refused: {code}: no" in output.err
    assert "1 succeeded and were removed, 1 failed and remain" in output.out


def test_a_long_replay_keeps_a_queues_messages_and_leaves_those_that_others_got(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sqs, "_RENEW_SECONDS", 0.0)
    service.things = {str(number): stored(number) for number in (1, 2, 3)}
    service.refused = {"2": "MessageNotInflight"}
    assert replay("sqs") == 1
    assert service.calls == ["hold 3", "delete 1", "hold 1", "delete 3"]
    assert len((tmp_path / "replayed.jsonl").read_text().splitlines()) == 2
    assert "a message that was held for too long is in the queue again" in capsys.readouterr().err


def test_a_queue_that_never_runs_empty_keeps_no_replay_from_its_letters(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqs, "_LONGEST_READ_SECONDS", 0.01)
    service.endless = True
    assert replay("sqs") == 0
    assert service.things == {}
    assert (tmp_path / "replayed.jsonl").read_text()


def test_letters_that_are_large_inside_cost_little_while_they_wait() -> None:
    """A megabyte of a queue may hold a gigabyte."""
    large = letter(1, b'{"x":"' + b"x" * (4 << 20) + b'"}')
    held: HeldLetters[int] = HeldLetters()
    tracemalloc.start()
    try:
        for number in range(20):
            held.add(msgspec.structs.replace(large, id=str(number)), number)
        assert tracemalloc.get_traced_memory()[0] < 4 << 20
    finally:
        tracemalloc.stop()
    assert [one.id for one in held] == [str(number) for number in range(20)]
