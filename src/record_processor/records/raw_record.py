"""A record as KCL passes it on: bytes, and their position in the shard."""

from __future__ import annotations

import msgspec


class RawRecord(msgspec.Struct, gc=False):
    """One record of a batch, with the attributes that kclpy's `Record` has."""

    binary_data: bytes = msgspec.field(name="data")
    sequence_number: str = msgspec.field(name="sequenceNumber")
    sub_sequence_number: int = msgspec.field(name="subSequenceNumber", default=0)
    partition_key: str = msgspec.field(name="partitionKey", default="")
    timestamp_millis: int | None = msgspec.field(name="approximateArrivalTimestamp", default=None)
