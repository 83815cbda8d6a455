from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.log import LogAction, LogSettings
from record_processor.logs import log_events
from tests.builders import change_record

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    before = logging.getLogger().handlers[:]
    stream = io.StringIO()
    log_events.start("debug", stream, log_events.as_json)
    yield stream
    logging.getLogger().handlers[:] = before


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_structured_event(logged: io.StringIO) -> None:
    LogAction(LogSettings(name="show", type="log")).deliver([change_record()])
    (event,) = events(logged)
    assert event["event"] == "record"
    assert event["message"] == "INSERT Phones"
    assert event["action"] == "show"
    assert event["keys"] == {"Company": "Motorola", "Model": "Cool Phone"}
    assert event["new"] == {"Company": "Motorola", "Model": "Cool Phone", "Size": "12"}
    assert "old" not in event


def test_images_can_be_kept_out_of_the_log(logged: io.StringIO) -> None:
    LogAction(LogSettings(name="show", type="log", images=False)).deliver([change_record()])
    assert "new" not in events(logged)[0]


def test_every_dynamodb_type_can_be_logged(logged: io.StringIO) -> None:
    image = {"b": {"B": "AP8="}, "bs": {"BS": ["AA=="]}, "ns": {"NS": ["1"]}, "n": {"N": "1E-130"}}
    LogAction(LogSettings(name="show", type="log")).deliver([change_record(NewImage=image)])
    assert events(logged)[0]["new"] == {"b": "AP8=", "bs": ["AA=="], "ns": ["1"], "n": "1E-130"}
