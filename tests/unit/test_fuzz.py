"""A few seconds of `scripts/fuzz`, with the same inputs each time. FUZZ_SECONDS is how many, in all."""

from __future__ import annotations

import os
import signal
from random import Random

import pytest

from record_processor.logs import user_stderr
from tests.fuzz.bounds import Unbounded, bounded
from tests.fuzz.fuzzer import Outcome, Target, fuzz, run_case
from tests.fuzz.targets import TARGETS

SEED = 1
SECONDS = float(os.environ.get("FUZZ_SECONDS", "8"))


@pytest.fixture(autouse=True)
def nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input's log format must not affect other tests."""
    monkeypatch.setattr(user_stderr, "_format", user_stderr._format)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_in_gives_a_result_or_the_error_that_is_promised(name: str) -> None:
    outcome = fuzz(name, TARGETS[name], SEED, SECONDS / len(TARGETS))
    assert not outcome.findings, "\n\n".join(map(str, outcome.findings.values()))
    # Inputs that all give the same show nothing.
    assert outcome.results
    assert outcome.refusals


def test_an_error_that_is_not_promised_is_a_finding_that_says_how_to_have_it_again() -> None:
    outcome = Outcome()
    run_case("record", Target(Random.random, _refuse, (ValueError,)), 7, 3, outcome)
    (finding,) = outcome.findings.values()
    assert "scripts/fuzz --target record --seed 7 --case 3" in str(finding)
    assert "KeyError" in str(finding)


def test_an_input_that_takes_too_long_is_ended_at_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.bounds.SECONDS", 0.02)
    with pytest.raises(Unbounded, match=r"took 0\.02 s"), bounded():
        _go_on_for_ever()
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0


def test_an_input_that_takes_too_much_memory_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.bounds._peak_megabytes", iter((50, 450)).__next__)
    with pytest.raises(Unbounded, match="took 400 MB"), bounded():
        pass


def _refuse(content: object) -> None:
    raise KeyError(content)


def _go_on_for_ever() -> None:
    while True:
        pass
