"""Records, leases and streams for tests, in the shapes that the real parts give them."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from record_processor.delivery.lease import Lease
from record_processor.records.change_record import ChangeRecord, decode
from record_processor.records.raw_record import RawRecord
from record_processor.records.stream import Stream
from record_processor.system import boot_time

if TYPE_CHECKING:
    from pathlib import Path

ARN = "arn:aws:dynamodb:us-west-2:123456789012:table/Phones/stream/2026-11-23T06:31:23.882"
STREAM = Stream(ARN)


def adapter_json(**overrides: Any) -> dict[str, Any]:
    """A record as the adapter's ObjectMapper writes it; keys of `dynamodb` may be given beside the outer ones."""
    change = {
        "ApproximateCreationDateTime": 1_795_415_484_321,
        "Keys": {"Company": {"S": "Motorola"}, "Model": {"S": "Cool Phone"}},
        "NewImage": {"Company": {"S": "Motorola"}, "Model": {"S": "Cool Phone"}, "Size": {"N": "12"}},
        "OldImage": {},
        "SequenceNumber": "000000000000000000001",
        "SizeBytes": 30,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    record: dict[str, Any] = {
        "awsRegion": "us-west-2",
        "dynamodb": change,
        "eventID": "74fbc7ae-ae3f-417b-a3fa-4325d6a676b0",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.1",
    }
    for name, value in overrides.items():
        (record if name in record or name[0].islower() else change)[name] = value
    return record


def change_record(**overrides: Any) -> ChangeRecord:
    record = adapter_json(**overrides)
    return decode(json.dumps(record).encode(), STREAM, record["dynamodb"]["SequenceNumber"])


def protocol_record(number: int | str, **overrides: Any) -> RawRecord:
    """A record as it comes out of the protocol."""
    data = json.dumps(adapter_json(SequenceNumber=str(number), **overrides)).encode()
    return RawRecord(data, str(number))


class LeaseMemory:
    """The Java side's part of a lease file, for tests of the Python side."""

    def __init__(self, path: Path, held_seconds: float = 3600) -> None:
        self.path = path
        self.hold(held_seconds)

    def hold(self, seconds: float) -> None:
        self._write(0, boot_time.now_ns() + int(seconds * 1e9))

    def lose(self) -> None:
        self._write(0, 0)

    def ask_to_stop(self) -> None:
        self._write(8, 1)

    def found_nothing(self, seconds: float) -> None:
        self._write(16, int(seconds * 1000))

    def lease(self) -> Lease:
        return Lease(self.path)

    def _write(self, offset: int, number: int) -> None:
        content = bytearray(self.path.read_bytes() if self.path.exists() else bytes(24))
        struct.pack_into("=q", content, offset, number)
        # In place: the child has this file mapped.
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.write(content)
