"""What is being tried at this moment, in a file that outlives the process, so that a death has suspects.

The file is mapped shared memory: a note copies some bytes and needs no write call.

| at | content |
|---|---|
| 0 | the exit status that the process confirms (`ending.py`) |
| 1 | a number that keeps changing while the protocol's thread runs, even while it waits: the Java side watches it |
| 2 | 1 while everything that the process has got is done and saved: the Java side tells it of fewer empty reads then |
| 8 | the kind of the file |
| 16 | the length of the header |
| 24 | the header, JSON: suspects that are not cleared yet, and where the slots are |
| then | slots, one per concurrent call: a flag, sequence numbers with their attempts, a line's end |
"""

from __future__ import annotations

import mmap
import struct
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.delivery.suspicion import DiedCall, Suspicion
from record_processor.errors import described
from record_processor.logs.log_events import Log
from record_processor.system import mapped_file
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.plugin.action import Action

log = Log("worker.delivery")

_KIND = b"RPTRIAL1"
_LIFE_AT, _IDLE_AT, _KIND_AT, _LENGTH_AT, _HEADER_AT = 1, 2, 8, 16, 24
# DynamoDB's have at most 40 digits; a comma, and the attempts of records that failed.
_NUMBER_BYTES = 48
_LONGEST_SHOWN = 50
_MOST_BYTES = 1 << 20
_LEAST_SLOT = 4096
_NOTHING = b"\n"
_END = _NOTHING[0]

NORMAL, ALONE, OVERDUE = b" !T"


class SlotPlace(msgspec.Struct):
    action: str
    at: int
    size: int


class _Header(msgspec.Struct):
    slots: list[SlotPlace]
    suspicions: list[Suspicion]


class Left(msgspec.Struct):
    """What a process left behind."""

    suspicions: list[Suspicion] = []
    calls: list[DiedCall] = []
    """The calls that were running when it died."""


class Slot:
    """What one thread of an action is trying."""

    def __init__(self, memory: Any, place: SlotPlace) -> None:
        self.action = place.action
        self.thread_id = 0
        self._memory = memory
        self._flag_at = place.at
        self._at = place.at + 1
        self._room = place.size - 2

    def note_one(self, sequence_number: str) -> None:
        """Note the first attempt of one record: the fast path, which replaces the note before."""
        line = sequence_number.encode() + _NOTHING
        self._memory[self._at : self._at + len(line)] = line

    def note(self, entries: Iterable[PendingRecord]) -> None:
        """Note the records of a call, with their attempts before it."""
        numbers = [
            entry.ticket.sequence_number if not entry.attempts else f"{entry.ticket.sequence_number}:{entry.attempts}"
            for entry in entries
        ]
        line = ",".join(numbers)
        # If a batch is larger than its slot, the rest of it is not suspected, so it takes more deaths to find the
        # culprit.
        self.note_one(line if len(line) <= self._room else line[: self._room].rpartition(",")[0])

    def clear(self) -> None:
        """Note that nothing is being tried anymore."""
        self._memory[self._at] = _END

    def flag(self, flag: int) -> None:
        self._memory[self._flag_at] = flag


class Trials:
    """The notes of this process."""

    def __init__(self, path: Path | None, actions: Sequence[Action[Any]], suspicions: list[Suspicion]) -> None:
        """Create a new file in place of the old one; with None the notes are in memory only."""
        places = _places(actions)
        header = msgspec.json.encode(_Header(places, suspicions))
        # It only gets shorter later; but places are moved by its length, and so may have some more digits.
        start = _HEADER_AT + len(header) + len(places) * len(str(1 << 63))
        for place in places:
            place.at += start
        self._header = _Header(places, suspicions)
        self._memory = _memory(path, places[-1].at + places[-1].size if places else start)
        self._slots: list[Slot] = []
        self._lives_in = threading.get_ident()
        self._write_header()
        self._memory[_KIND_AT:_LENGTH_AT] = _KIND

    def slot(self, action: str, number: int) -> Slot:
        """Return the slot for the thread with this number, from 0, of an action."""
        place = [place for place in self._header.slots if place.action == action][number]
        slot = Slot(self._memory, place)
        slot.flag(NORMAL)
        slot.clear()
        self._slots.append(slot)
        return slot

    def keep(self, suspicions: list[Suspicion]) -> None:
        """Write the suspicions that are left."""
        self._header.suspicions = suspicions
        self._write_header()

    def show_life(self) -> None:
        """Show that the protocol's thread, which created this object, is running; other threads' calls do nothing."""
        if threading.get_ident() == self._lives_in:
            self._memory[_LIFE_AT] = self._memory[_LIFE_AT] % 255 + 1

    def show_idle(self, is_idle: bool) -> None:
        """Say whether there is nothing to do until the next records.

        Only while a message is handled: so it stays true until the next.
        """
        self._memory[_IDLE_AT] = is_idle

    def blame(self, thread_id: int) -> None:
        """Note that the call of this thread is the reason why the process is about to end."""
        for slot in self._slots:
            if slot.thread_id == thread_id:
                slot.flag(OVERDUE)

    def detach(self) -> None:
        """In a forked process: stop writing where the shard process writes."""
        nowhere = mmap.mmap(-1, len(self._memory))
        for slot in self._slots:
            slot._memory = nowhere

    def _write_header(self) -> None:
        header = msgspec.json.encode(self._header)
        self._memory[_LENGTH_AT:_HEADER_AT] = struct.pack("=q", len(header))
        self._memory[_HEADER_AT : _HEADER_AT + len(header)] = header


def left_behind(path: Path) -> Left:
    """Read what the process before this one left; nothing if there is no file, or none that can be read."""
    try:
        content = path.read_bytes()
        if not any(content[1:]):
            return Left()
        return _read(content)
    except FileNotFoundError:
        return Left()
    except (OSError, ValueError, struct.error, IndexError) as error:
        _unavailable(path, error)
        return Left()


def _unavailable(path: Path, error: Exception) -> None:
    message = f"{path} cannot be used: attempts at which this shard's process dies are not counted"
    log.warning("trials.unavailable", f"{message} ({described(error)})")


def _read(content: bytes) -> Left:
    if content[_KIND_AT:_LENGTH_AT] != _KIND:
        raise ValueError("it is not a trials file")
    (length,) = struct.unpack_from("=q", content, _LENGTH_AT)
    header = msgspec.json.decode(content[_HEADER_AT : _HEADER_AT + length], type=_Header)
    calls = [call for place in header.slots if (call := _call(content, place)) is not None]
    return Left(header.suspicions, calls)


def _call(content: bytes, place: SlotPlace) -> DiedCall | None:
    text = content[place.at + 1 : place.at + place.size].partition(_NOTHING)[0].strip(b"\0")
    if not text:
        return None
    records = [(number, int(attempts or 0)) for number, _, attempts in map(_halves, text.decode("ascii").split(","))]
    flag = content[place.at]
    return DiedCall(place.action, records, alone=flag == ALONE, overdue=flag == OVERDUE)


def _halves(text: str) -> tuple[str, str, str]:
    if not text.partition(":")[0].isdigit():
        raise ValueError(f"{shortened(text, _LONGEST_SHOWN)!r} is not a sequence number")
    return text.partition(":")


def _places(actions: Sequence[Action[Any]]) -> list[SlotPlace]:
    places: list[SlotPlace] = []
    at = 0
    largest = max(_LEAST_SLOT, _MOST_BYTES // max(1, sum(action.settings.concurrency for action in actions)))
    for action in actions:
        size = min(2 + action.batch_size * _NUMBER_BYTES, largest)
        for _ in range(action.settings.concurrency):
            places.append(SlotPlace(action.settings.name, at, size))
            at += size
    return places


def _memory(path: Path | None, size: int) -> mmap.mmap:
    if path is not None:
        try:
            return mapped_file.replace(path, size)
        except OSError as error:
            _unavailable(path, error)
    return mmap.mmap(-1, size)
