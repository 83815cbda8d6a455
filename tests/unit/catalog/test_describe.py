from __future__ import annotations

import pytest
import yaml

from record_processor.catalog import registry
from record_processor.catalog.build import build
from record_processor.catalog.describe import described, listed
from record_processor.errors import SetupError


def test_every_action_of_ours_is_listed_with_what_it_does() -> None:
    lines = listed().splitlines()
    for name in registry.built_in():
        (line,) = [line for line in lines if line.split()[:1] == [name]]
        assert len(line.split()) > 4


@pytest.mark.parametrize("name", registry.built_in())
def test_the_settings_and_an_example_are_shown_and_every_key_is_explained(name: str) -> None:
    text = described(name)
    assert "dead_letter" in text
    assert text.rstrip().endswith(registry.find(name).example.rstrip().splitlines()[-1].strip())
    for line in text.split("For example:")[0].splitlines():
        key = line.strip().split(":")[0].split(" ")[0]
        assert not line.startswith("  ") or line.startswith("      ") or not line.rstrip().endswith(f"{key}:"), line


@pytest.mark.parametrize("name", [name for name in registry.built_in() if name not in ("command", "python", "webhook")])
def test_the_example_is_accepted_by_the_types_that_it_is_of(name: str) -> None:
    (item,) = yaml.safe_load(registry.find(name).example)
    action, problems = build(item, ())
    assert problems == []
    assert action is not None


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(SetupError, match=r"unknown action 'sqss'; did you mean 'sqs'\?"):
        described("sqss")
