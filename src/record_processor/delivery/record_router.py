"""Which actions receive a record."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from record_processor.delivery.change_loops import LoopWatch
from record_processor.delivery.low_water_mark import Ticket
from record_processor.delivery.pending_record import PendingRecord
from record_processor.errors import UndecodableRecordError
from record_processor.records.change_record import decode, undecoded

if TYPE_CHECKING:
    from record_processor.delivery.routes import Routes
    from record_processor.records.change_record import ChangeRecord
    from record_processor.records.raw_record import RawRecord
    from record_processor.records.stream import Stream


class RecordRouter:
    """Decodes the records of one stream and makes an entry for each action that wants one."""

    def __init__(self, stream: Stream, routes: Routes) -> None:
        self._stream = stream
        self._routes = routes.each
        self._loops = LoopWatch(self._actions_of)
        self._watched_from = math.inf
        """Records created before this (milliseconds since the epoch) are not examined for loops."""

    def begin(self, records: int) -> None:
        """Prepare for routing this many records."""
        self._watched_from = self._loops.from_millis(time.time(), records)

    def route(self, protocol_record: RawRecord) -> Ticket:
        """Route a record: its entries go into the routes. Return its ticket."""
        raw, number = protocol_record.binary_data, protocol_record.sequence_number
        ticket = Ticket(number, len(raw), 0)
        broken: UndecodableRecordError | None = None
        try:
            record = decode(raw, self._stream, number)
        except UndecodableRecordError as error:
            record, broken = undecoded(raw, self._stream, number), error
        ticket.created_at_millis = record.dynamodb.created_at_millis
        for route in self._routes:
            fault = broken
            try:
                if fault is None and route.wants is not None and not route.wants(record):
                    continue
            except UndecodableRecordError as error:
                fault = error
            key = None if route.ordered_as_a_whole else record.raw_keys
            ticket.outstanding += 1
            route.entries.append(PendingRecord(record, key, ticket, fault))
        if record.dynamodb.created_at_millis > self._watched_from and ticket.outstanding:
            self._loops.saw(record, ticket)
        return ticket

    def _actions_of(self, record: ChangeRecord) -> list[str]:
        """Return the actions that receive the record that was routed last."""
        wanting = [route for route in self._routes if route.entries and route.entries[-1].record is record]
        return [route.runner.action.settings.name for route in wanting]
