"""The MultiLang protocol: JSON lines over standard input and output, between this shard process and KCL.

kclpy's `KCLProcess` runs it. Three things differ from stock kclpy: standard output belongs to the protocol alone;
batches of records are decoded by msgspec, in a tenth of the time that kclpy's dictionaries take; and records may be in
their message as the JSON that they are, which is what our Java side sends, instead of text in base64.

The messages: https://github.com/awslabs/amazon-kinesis-client/tree/master/amazon-kinesis-client-multilang
"""

from __future__ import annotations

import os
import sys
from typing import IO, Any

import msgspec
from amazon_kclpy import kcl, messages

from record_processor.errors import LeaseLostError
from record_processor.records.raw_record import RawRecord

_PROCESS_RECORDS = "processRecords"
# Jackson writes the type of a message first, so its name is within these bytes.
_HEAD_BYTES = 40
# As much as a pipe has. With Python's default, 4 KB, each page that was read would wake the writer.
_READ_BYTES = 64 * 1024


class _JsonRecord(msgspec.Struct, array_like=True, gc=False):
    sequence_number: str
    record: msgspec.Raw


class _Batch(msgspec.Struct, gc=False):
    """In one of two forms: as our Java side writes it, or as KCL does."""

    json_records: list[_JsonRecord] | None = msgspec.field(name="jsonRecords", default=None)
    records: list[RawRecord] | None = None
    millis_behind_latest: int | None = msgspec.field(name="millisBehindLatest", default=None)


_batches = msgspec.json.Decoder(_Batch)


class _Channel(kcl._IOHandler):
    """kclpy's reader and writer of messages, with a faster way for the one kind that is large."""

    def load_action(self, line: bytes) -> Any:
        if not line:  # in the middle of a checkpoint; between messages, kclpy ends by itself
            raise LeaseLostError("KCL has closed the channel: the worker is gone")
        if _PROCESS_RECORDS.encode() not in line[:_HEAD_BYTES]:
            return super().load_action(line)
        batch = _batches.decode(line)
        return messages.ProcessRecordsInput(
            {
                "action": _PROCESS_RECORDS,
                "records": _raw_records(batch),
                "millisBehindLatest": batch.millis_behind_latest,
            }
        )


def _raw_records(batch: _Batch) -> list[RawRecord]:
    if batch.json_records is not None:
        # Copies: as long as one record is in use, a part of the message would keep all of it.
        return [RawRecord(bytes(one.record), one.sequence_number) for one in batch.json_records]
    if batch.records is None:
        raise ValueError("a message processRecords has neither jsonRecords nor records")
    return batch.records


def channel_of(process: Any, source: IO[bytes], sink: IO[str]) -> None:
    """Make a KCLProcess speak through our channel: its constructor allows no other reader and writer."""
    channel = _Channel(source, sink, sys.stderr)
    process.io_handler = channel
    process.checkpointer.io_handler = channel


class Protocol:
    """The two ends of the channel, claimed before anything else can write to them."""

    def __init__(self) -> None:
        self._input = os.fdopen(os.dup(0), "rb", _READ_BYTES)
        self._output = os.fdopen(os.dup(1), "w", encoding="utf-8")
        with open(os.devnull) as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 0)
        # Until somebody claims it; imported modules may already print.
        os.dup2(2, 1)

    def let_go(self) -> None:
        """Let go of the channel in a forked process: it must neither keep it open nor write to it."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for end in (self._input, self._output):
            # Not closed: somebody may be reading, and then the file's lock is held forever in this process.
            os.dup2(nothing, end.fileno(), inheritable=False)
        os.close(nothing)

    def run(self, processor: Any) -> None:
        """Serve until KCL closes the channel."""
        process = kcl.KCLProcess(processor, self._input, self._output, sys.stderr)
        channel_of(process, self._input, self._output)
        process.run()
