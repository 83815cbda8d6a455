"""One thread looks, whatever the number of browsers; what fails is shown beside what was seen before."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from record_processor.console import poll as polling
from record_processor.console.poll import Configured, Poll
from record_processor.errors import SetupError
from tests.harness import wait_for
from tests.unit.console.test_rates import seen


class Looks:
    """Counts; may be told to fail."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    def __call__(self) -> Any:
        self.count += 1
        if self.error is not None:
            raise self.error
        return seen(float(self.count))


def shown(poll: Poll) -> Any:
    answer = poll.ask()
    return json.loads(gzip.decompress(answer.body) if answer.is_gzip else answer.body)


def test_any_number_of_browsers_cause_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "PAUSE_SECONDS", 3600.0)
    looks = Looks()
    poll = Poll(looks, [Configured("pay", "sqs", None)])
    poll.begin()
    wait_for(lambda: looks.count == 2, "the thread has begun")
    for _ in range(1000):
        poll.ask()
    assert looks.count == 2
    assert shown(poll)["configured"] == [{"name": "pay", "type": "sqs", "dead_letter": None}]


def test_nobody_watches_and_so_it_looks_rarely_until_somebody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(polling, "IDLE_SECONDS", 3600.0)
    monkeypatch.setattr(polling, "_WATCHED_SECONDS", 0.0)
    looks = Looks()
    poll = Poll(looks, [])
    poll.begin()
    wait_for(lambda: looks.count == 2, "it waits")
    wait_for(lambda: poll.ask() and looks.count > 2, "somebody watches")


def test_a_look_that_fails_is_said_and_the_last_state_stays() -> None:
    looks = Looks()
    poll = Poll(looks, [])
    poll._take_in(looks())
    for error, text in ((SetupError("table gone"), "table gone"), (ValueError("\x1b[31m"), "ValueError: \\u001b[31m")):
        looks.error = error
        poll.look_again()
        assert (shown(poll)["error"], shown(poll)["application"]["at"]) == (text, 1.0)
    looks.error = None
    poll.look_again()
    assert shown(poll)["error"] is None


def test_a_first_look_that_fails_is_an_error() -> None:
    looks = Looks()
    looks.error = SetupError("no lease table")
    with pytest.raises(SetupError, match="no lease table"):
        Poll(looks, []).begin()
