"""Whatever a handler passes to `logging`, it becomes one line of JSON."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.logs import log_events

if TYPE_CHECKING:
    from collections.abc import Iterator


class Unspeakable(Exception):  # noqa: N818 - what a user might write
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    log_events.start("info", stream, log_events.as_json)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.parametrize(
    "value", ["\udc80", {("a", "b"): 1}, {1, 2}, object(), Unspeakable(), float("nan"), b"\xff", 1 << 70]
)
def test_any_value_as_extra_is_one_line(written: io.StringIO, value: Any) -> None:
    logging.getLogger("shop").warning("100%% of %s", "it", extra={"given": value, "time": 7})
    (line,) = written.getvalue().splitlines()
    event = json.loads(line)
    assert (event["event"], event["message"], event["time_"]) == ("shop", "100% of it", 7)
    assert "given" in event and isinstance(event["time"], float)


def test_an_error_that_cannot_say_anything_is_logged_with_its_place(written: io.StringIO) -> None:
    try:
        raise Unspeakable
    except Unspeakable:
        logging.getLogger("shop").exception("failed")
    event = json.loads(written.getvalue())
    assert "raise Unspeakable" in event["traceback"]
