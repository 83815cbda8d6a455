"""Runs a target on one input after another. An input follows from seed and number alone, so it can be repeated."""

from __future__ import annotations

import time
import traceback
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.fuzz.bounds import Unbounded, bounded

if TYPE_CHECKING:
    from collections.abc import Callable

_SHOWN = 2000
# On a machine that is busy too: some of the first inputs give a result, and some do not.
_FEWEST = 30


class Target(NamedTuple):
    """Something that reads what others wrote."""

    make: Callable[[Random], Any]
    """An input."""
    read: Callable[[Any], None]
    """Read it, and look at everything in it."""
    promised: tuple[type[Exception], ...]
    """What reading may raise."""


class Finding(NamedTuple):
    """An input that broke a promise."""

    name: str
    seed: int
    number: int
    error: BaseException
    content: Any

    @property
    def place(self) -> tuple[str, str, int]:
        """The same for two findings of one defect, as a rule."""
        frames = traceback.extract_tb(self.error.__traceback__)
        ours = [frame for frame in frames if "record_processor" in frame.filename] or frames
        return type(self.error).__name__, ours[-1].filename, ours[-1].lineno or 0

    def __str__(self) -> str:
        again = f"scripts/fuzz --target {self.name} --seed {self.seed} --case {self.number}"
        trace = "".join(traceback.format_exception(self.error))
        return f"{again}\n{_middle_left_out(repr(self.content))}\n{_middle_left_out(trace)}"


class Outcome:
    """What a run of a target gave."""

    def __init__(self) -> None:
        self.results = 0
        self.refusals = 0
        self.findings: dict[Any, Finding] = {}
        """One for each place."""


def fuzz(name: str, target: Target, seed: int, seconds: float) -> Outcome:
    """Run a target for this long."""
    outcome = Outcome()
    end, number = time.monotonic() + seconds, 0
    while number < _FEWEST or time.monotonic() < end:
        run_case(name, target, seed, number, outcome)
        number += 1
    return outcome


def run_case(name: str, target: Target, seed: int, number: int, outcome: Outcome) -> None:
    """Run a target on one input."""
    content = target.make(Random(f"{seed} {name} {number}"))
    try:
        with bounded():
            target.read(content)
        outcome.results += 1
    except target.promised:
        outcome.refusals += 1
    except (Exception, Unbounded) as error:
        finding = Finding(name, seed, number, error, content)
        outcome.findings.setdefault(finding.place, finding)


def _middle_left_out(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 :]}"
