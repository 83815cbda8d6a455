"""Handlers that the tests of the kit feed."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from record_processor import PermanentError

if TYPE_CHECKING:
    from record_processor import BatchResponse, Context, Event, Record

late: set[str] = set()
released = threading.Event()


def picky(event: Event, _context: Context) -> None:
    for record in event["Records"]:
        name = id_of(record)
        if name == "bad":
            raise ValueError(name)
        if name == "hopeless":
            raise PermanentError(name)
        if name == "late" and record["eventID"] not in late:
            late.add(record["eventID"])
            raise ConnectionError(name)


def from_bad_on_once(event: Event, _context: Context) -> BatchResponse:
    """Name the records that fail at their first attempt."""
    failed = [record for record in event["Records"] if id_of(record) == "bad" and record["eventID"] not in late]
    late.update(record["eventID"] for record in failed)
    return {"batchItemFailures": [{"itemIdentifier": one["dynamodb"]["SequenceNumber"]} for one in failed]}


def hang(_event: Event, _context: Context) -> None:
    released.clear()
    released.wait(60)


async def hang_awaiting(_event: Event, _context: Context) -> None:
    await asyncio.sleep(60)


def id_of(record: Record) -> str:
    return record["dynamodb"]["Keys"]["id"]["S"]
