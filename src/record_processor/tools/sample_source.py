"""Where sample records are read from: a file, or standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from record_processor.errors import SetupError
from record_processor.records.stream import Stream
from record_processor.tools.sample_records import SampleRecords

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from record_processor.tools.sample_records import SampleRecord

_LARGEST_CHARACTERS = 64 * 1024 * 1024


def read_records(source: Path | None, streams: Sequence[str], region: str, keys: Sequence[str]) -> list[SampleRecord]:
    """Return the records of a file, or of standard input if `source` is None or `-`.

    Args:
        source: the file.
        streams: names of tables or ARNs of streams: the first applies to records that do not name theirs.
        region: the worker's.
        keys: see `SampleRecords`.

    Raises:
        SetupError: it cannot be read, or contains something else.
    """
    name = "standard input" if source is None or str(source) == "-" else str(source)
    try:
        if source is None or str(source) == "-":
            text = sys.stdin.read(_LARGEST_CHARACTERS + 1)
        else:
            with source.open(encoding="utf-8") as file:
                text = file.read(_LARGEST_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise SetupError(f"{name}: is not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise SetupError(f"{name}: cannot be read: {error.strerror}") from None
    if len(text) > _LARGEST_CHARACTERS:
        raise SetupError(f"{name}: is larger than {_LARGEST_CHARACTERS:,} characters: try fewer records")
    return SampleRecords(name, _stream(streams[0], region), keys).read(text)


def _stream(name: str, region: str) -> Stream:
    """Return a stream of a table, made up unless the name is an ARN."""
    arn = (
        name if "/stream/" in name else f"arn:aws:dynamodb:{region}:123456789012:table/{name.split('/')[-1]}/stream/try"
    )
    return Stream(arn, region)
