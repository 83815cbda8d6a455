"""The orders that concern this host, in a file of the run directory: its parent process writes, shard processes read.

The file is mapped shared memory: that nothing is ordered costs a shard process the look at one number.

| at | content |
|---|---|
| 0 | the kind of the file |
| 8 | 0: nothing is ordered; otherwise a number that is another one after each change |
| 16 | how often the actions were replaced since the worker started; the Java side reads this too |
| 24 | the length and the CRC-32 of the orders, 32 bits each |
| 32 | the orders, JSON (`Orders`) |
"""

from __future__ import annotations

import mmap
import struct
from binascii import crc32
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.delivery.orders import Orders
from record_processor.system import mapped_file

if TYPE_CHECKING:
    from pathlib import Path

CHANGE = 1
"""The index of the number that changes, among those of `OrdersView.numbers`."""
MOST_BYTES = 128 * 1024
"""As many orders as there is room for."""

_KIND = b"RPORDER1"
_ACTIONS = 2
_PREFIX_AT, _CONTENT_AT = 24, 32
_PREFIX = struct.Struct("=II")
_SIZE_BYTES = _CONTENT_AT + MOST_BYTES
_UNKNOWN = Orders(is_known=False)


def encoded(orders: Orders) -> bytes:
    return msgspec.json.encode(orders)


class OrdersFile:
    """The side that writes: one thread of the parent process."""

    def __init__(self, path: Path, orders: Orders) -> None:
        """Create the file.

        Raises:
            OSError: there is no room for it.
        """
        self._memory = mapped_file.replace(path, _SIZE_BYTES)
        self._numbers = memoryview(self._memory)[:_PREFIX_AT].cast("q")
        self._memory[: len(_KIND)] = _KIND
        self._changes = 0
        self.write(orders)

    def write(self, orders: Orders) -> None:
        """Make these the orders; shard processes follow them with their next call."""
        content = encoded(orders)
        self._memory[_CONTENT_AT : _CONTENT_AT + len(content)] = content
        self._memory[_PREFIX_AT:_CONTENT_AT] = _PREFIX.pack(len(content), crc32(content))
        self._changes += 1
        # Last: whoever sees the number finds what belongs to it.
        self._numbers[CHANGE] = self._changes if orders.any else 0

    def replaced_actions(self) -> None:
        """Have shard processes end, after saving, and begin again with the actions as they are now."""
        self._numbers[_ACTIONS] += 1


class OrdersView:
    """The side that reads. Thread-safe."""

    def __init__(self, path: Path | None, actions_number: int | None = None) -> None:
        """With no path nothing is ever ordered.

        `actions_number` is that of the actions of this process; None: they are not read yet.
        """
        self._memory: Any = bytes(_CONTENT_AT)
        if path is not None:
            with path.open("rb") as file:
                self._memory = mmap.mmap(file.fileno(), _SIZE_BYTES, access=mmap.ACCESS_READ)
        self.numbers: memoryview = memoryview(self._memory)[:_PREFIX_AT].cast("q")
        self._own_actions = self.numbers[_ACTIONS] if actions_number is None else actions_number
        self._read: tuple[int, Orders] = (0, Orders())

    @property
    def actions_number(self) -> int:
        """How often the actions were replaced."""
        return self.numbers[_ACTIONS]

    @property
    def actions_were_replaced(self) -> bool:
        """Whether this process has old ones."""
        return self.numbers[_ACTIONS] != self._own_actions

    def look(self) -> Orders:
        """Return the orders of this moment."""
        change = self.numbers[CHANGE]
        if change == self._read[0]:
            return self._read[1]
        if not change:
            return Orders()
        length, crc = _PREFIX.unpack_from(self._memory, _PREFIX_AT)
        content = self._memory[_CONTENT_AT : _CONTENT_AT + length]
        if crc32(content) != crc:
            # They are just being written. Until they can be read, anything may be paused.
            return _UNKNOWN
        try:
            orders = msgspec.json.decode(content, type=Orders)
        except msgspec.MsgspecError:
            return _UNKNOWN
        self._read = (change, orders)
        return orders
