"""A filter that somebody tries out: the text of a page, as it would be in `actions.yaml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from record_processor.config.wording import written_path
from record_processor.config.yaml_file import parse_yaml
from record_processor.errors import SetupError
from record_processor.filters.event_pattern import InvalidFilter
from record_processor.filters.record_filter import RecordFilter

LONGEST_CHARACTERS = 8_000
_NAME = Path("filter")


@lru_cache(maxsize=16)
def compiled(text: str) -> RecordFilter | None:
    """Return the filter; None for an empty text.

    Raises:
        InvalidConfigError: it is not YAML (or JSON).
        SetupError: it is not a filter; the message names every place.
    """
    if not text.strip():
        return None
    if len(text) > LONGEST_CHARACTERS:
        raise SetupError(f"a filter may have {LONGEST_CHARACTERS} characters here; this one has {len(text)}")
    parsed = parse_yaml(text, _NAME)
    if parsed.problems:
        raise SetupError("\n".join(f"{written_path(place)}: {message}" for place, message in parsed.problems))
    pattern = parsed.data
    if isinstance(pattern, dict) and list(pattern) == ["filter"]:  # copied with its key
        pattern = pattern["filter"]
    try:
        return RecordFilter(pattern)
    except InvalidFilter as error:
        raise SetupError(str(error)) from None
