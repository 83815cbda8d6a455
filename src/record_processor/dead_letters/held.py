"""The letters that a replay has read from a service, until it removes them."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from record_processor.dead_letters import letter as letters
from record_processor.dead_letters.letter import fingerprint
from record_processor.dead_letters.packing import stream_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from record_processor.dead_letters.letter import Letter

PlaceT = TypeVar("PlaceT")


@dataclass(frozen=True, slots=True)
class _Held(Generic[PlaceT]):
    order: tuple[str, str]
    packed: bytes
    places: list[PlaceT]


class HeldLetters(Generic[PlaceT]):
    """Letters with their places in the service (receipts, keys), in stream order and without duplicates.

    They stay packed except for the current one: what a service holds may unpack to a thousand times its size, and
    anybody who can write there can cause that.
    """

    def __init__(self) -> None:
        self._held: dict[bytes, _Held[PlaceT]] = {}

    def add(self, letter: Letter, place: PlaceT) -> None:
        found = fingerprint(letter)
        if found not in self._held:
            packed = zlib.compress(msgspec.json.encode(letter), level=1)
            self._held[found] = _Held(stream_order(letter), packed, [])
        self._held[found].places.append(place)

    def __iter__(self) -> Iterator[Letter]:
        """Yield the letters that are still there when their turn comes."""
        for found, held in sorted(self._held.items(), key=lambda item: item[1].order):
            if found in self._held:
                yield letters.read(zlib.decompress(held.packed))

    def places_of(self, fingerprint: bytes) -> list[PlaceT]:
        held = self._held.get(fingerprint)
        return [] if held is None else held.places

    def forget(self, fingerprint: bytes) -> None:
        self._held.pop(fingerprint, None)

    def forget_places(self, gone: Collection[PlaceT]) -> None:
        """Forget the letters that are in no other place."""
        for found, held in list(self._held.items()):
            held.places[:] = [place for place in held.places if place not in gone]
            if not held.places:
                del self._held[found]

    def places(self) -> list[PlaceT]:
        return [place for held in self._held.values() for place in held.places]

    def clear(self) -> None:
        self._held.clear()


@contextmanager
def refusal_of(thing: str, refused: list[str]) -> Iterator[None]:
    """Note that the service refuses to do something with one thing; no other waits for it."""
    from botocore.exceptions import ClientError

    from record_processor.aws.explanations import explanation

    try:
        yield
    except ClientError as error:
        refused.append(f"{thing}: {explanation(error)}")
