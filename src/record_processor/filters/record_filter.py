"""A filter over stream records that decodes only what it looks at."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from record_processor.errors import UndecodableRecordError
from record_processor.filters.event_fields import never_matches
from record_processor.filters.event_pattern import EventPattern
from record_processor.records.change_record import LONGEST_NO_IMAGE, MILLIS, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from record_processor.records.change_record import ChangeRecord

_OUTER: dict[str, Callable[[ChangeRecord], Any]] = {
    "eventID": attrgetter("event_id"),
    "eventName": attrgetter("event_name"),
    "eventSourceARN": attrgetter("stream.arn"),
}
# Fields of a record's `dynamodb`.
_INNER: dict[str, Callable[[Any], Any]] = {
    "ApproximateCreationDateTime": lambda change: change.created_at_millis // MILLIS,
    "SequenceNumber": attrgetter("sequence_number"),
    "SizeBytes": attrgetter("size_bytes"),
    "StreamViewType": attrgetter("stream_view_type"),
}
_IMAGES: dict[str, Callable[[Any], msgspec.Raw]] = {
    "Keys": attrgetter("keys"),
    "NewImage": attrgetter("new_image"),
    "OldImage": attrgetter("old_image"),
}


class RecordFilter:
    """A compiled pattern with a plan: which parts of a record it needs. Immutable, and so thread-safe."""

    def __init__(self, pattern: Any) -> None:
        """Compile.

        Raises:
            InvalidFilter: it is malformed, or no record could ever match it.
        """
        self._filter = EventPattern(pattern, never_matches)
        self._matches = self._filter.matches
        paths = self._filter.paths
        outer, inner = {path[0] for path in paths}, {path[1] for path in paths if len(path) > 1}
        self._outer = [(name, get) for name, get in _OUTER.items() if name in outer]
        self._inner = [(name, get) for name, get in _INNER.items() if name in inner]
        self._images = [(name, get, _decoder(name, paths)) for name, get in _IMAGES.items() if name in inner]
        self._inside = "dynamodb" in outer
        known = outer <= {*_OUTER, "dynamodb"} and inner <= {*_INNER, *_IMAGES}
        # A pattern that looks at rarer fields gets the whole event.
        self._event = self._small_event if known else _whole_event

    def accepts(self, record: ChangeRecord) -> bool:
        """Return whether the record matches.

        Raises:
            UndecodableRecordError: an image that the filter looks at cannot be read.
        """
        try:
            return self._matches(self._event(record))
        except UNREADABLE as error:
            raise UndecodableRecordError(record.sequence_number, error) from error

    def _small_event(self, record: ChangeRecord) -> dict[str, Any]:
        event: dict[str, Any] = {}
        for name, get in self._outer:
            event[name] = get(record)
        if self._inside:
            inside: dict[str, Any] = {}
            event["dynamodb"] = inside
            change = record.dynamodb
            for name, get in self._inner:
                inside[name] = get(change)
            for name, get, decode in self._images:
                raw = get(change)
                if len(raw) > LONGEST_NO_IMAGE:
                    inside[name] = decode(raw)
        return event


def _whole_event(record: ChangeRecord) -> dict[str, Any]:
    return record.to_lambda()


def _decoder(image: str, paths: Iterable[tuple[str, ...]]) -> Callable[[msgspec.Raw], Any]:
    """Return a decoder that reads only the attributes looked at; msgspec skips the rest of the image."""
    attributes = sorted({attribute for path in paths for attribute in _attributes(image, path)})
    looked_at = TypedDict("looked_at", dict.fromkeys(attributes, Any), total=False)  # type: ignore[misc]
    return msgspec.json.Decoder(looked_at).decode


def _attributes(image: str, path: tuple[str, ...]) -> list[str]:
    """Return the attributes that a path may mean: `a.b` is a's field b, or an attribute whose name has a dot."""
    if path[:2] != ("dynamodb", image):
        return []
    names = path[2:]
    return [".".join(names[:length]) for length in range(1, len(names) + 1)]
