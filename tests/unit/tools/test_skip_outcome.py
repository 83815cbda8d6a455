"""Waiting for a skipped record: what counts as its end, and what is said then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from record_processor.delivery.blocks import Skipped
from record_processor.delivery.orders import Skip
from record_processor.fleet.model import Application, Lag, Shard, State
from record_processor.tools import skip_outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

SKIP = Skip("me@here", 0.0, "broken", table="T", shard_id="s-1", sequence_number="0500", action="shop")
BLOCKED = Shard("T", "arn", "s-1", None, [], State.BLOCKED, Lag(1.0), owner="w-1", checkpoint="499")
DONE = msgspec.structs.replace(BLOCKED, state=State.READING, checkpoint="500")

NOTHING = Application("app", "us-west-2", 0.0, [], None, [], [], None, 0, 0)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"_LONGEST_SECONDS": 0.5, "_LETTER_SECONDS": 0.1, "_PAUSE_SECONDS": 0.005}.items():
        monkeypatch.setattr(skip_outcome, name, seconds)


def waited(shards: Iterable[Shard]) -> int:
    """Wait, while these are seen one after the other; the last one stays."""
    left = [*shards]

    def look() -> Application:
        return msgspec.structs.replace(NOTHING, shards=[left.pop(0) if len(left) > 1 else left[0]])

    return skip_outcome.wait(look, SKIP, Path("worker.properties"))


def test_the_letter_is_named_even_if_the_progress_is_seen_first(capsys: pytest.CaptureFixture[str]) -> None:
    named = msgspec.structs.replace(DONE, skipped=[Skipped("shop", "0500", "dead.jsonl")])
    assert waited([BLOCKED, DONE, named]) == 0
    assert "shop has given up record 0500; its letter is in dead.jsonl (worker w-1)" in capsys.readouterr().out


@pytest.mark.parametrize("now", [DONE, msgspec.structs.replace(BLOCKED, state=State.ENDED, checkpoint=None)])
def test_a_record_whose_progress_is_saved_is_done_though_nobody_remembers_its_letter(
    now: Shard, capsys: pytest.CaptureFixture[str]
) -> None:
    assert waited([BLOCKED, now]) == 0
    assert "record 0500 is done" in capsys.readouterr().out


@pytest.mark.parametrize("checkpoint", ["499", "TRIM_HORIZON", None])
def test_a_record_that_still_blocks_is_not_confirmed(
    checkpoint: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert waited([msgspec.structs.replace(BLOCKED, checkpoint=checkpoint)]) == 1
    assert "no worker has said" in capsys.readouterr().err
