"""`env` of `python` actions: in the environment of the process before any handler is imported."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from record_processor.catalog.actions_file import read_actions
from record_processor.catalog.build import build_actions
from record_processor.errors import InvalidConfigError
from record_processor.text import redaction
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT_IMPORT = "import os\nMODE = os.environ['SHOP_MODE']\ndef handle(event, context): print(MODE, os.environ['SHOP_KEY'])"
NAMES = ("SHOP_MODE", "SHOP_KEY")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module that needs its variables while it is imported."""
    (tmp_path / "variables_shop.py").write_text(AT_IMPORT)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("variables_shop", None)
    yield
    for name in NAMES:
        os.environ.pop(name, None)


def written(tmp_path: Path, *env: str) -> Path:
    actions = [f"- {{name: a{n}, type: python, handler: 'variables_shop:handle', {one}}}" for n, one in enumerate(env)]
    path = tmp_path / "actions.yaml"
    path.write_text("actions:\n" + "\n".join(actions))
    return path


def test_a_module_finds_the_variables_of_all_actions_whichever_imports_it_first(tmp_path: Path) -> None:
    path = written(tmp_path, "env: {SHOP_KEY: k}", "env: {SHOP_MODE: fast, SHOP_KEY: k}")
    items = read_actions(path)
    assert sys.modules["variables_shop"].MODE == "fast"
    del os.environ["SHOP_MODE"]
    sys.modules.pop("variables_shop")
    build_actions(items)
    assert os.environ["SHOP_MODE"] == sys.modules["variables_shop"].MODE == "fast"


def test_two_actions_cannot_give_a_variable_two_values_and_none_is_shown(tmp_path: Path) -> None:
    path = written(tmp_path, "env: {SHOP_MODE: hunter2}", "env: {SHOP_MODE: hunter3, SHOP_KEY: k}")
    with pytest.raises(InvalidConfigError) as refused:
        read_actions(path)
    assert "actions.yaml:3: actions[1].env.SHOP_MODE: actions[0] (a0) gives SHOP_MODE another value" in str(
        refused.value
    )
    assert "hunter" not in str(refused.value)


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ("{RP_ACTIONS: x}", "actions[0].env: RP_ACTIONS: names that begin with RP_ are the worker's own"),
        ("{SHOP-MODE: x}", "actions[0].env: entry 1: expected the name of a variable"),
        ('{SHOP_MODE: "a\\0b"}', "SHOP_MODE"),
        ("{SHOP_MODE: on}", "actions[0].env.SHOP_MODE"),
        ("[SHOP_MODE=x]", "actions[0].env: expected a map of names and texts, found"),
    ],
)
def test_a_variable_that_cannot_be_set_is_refused(
    tmp_path: Path, env: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "x")
    with pytest.raises(InvalidConfigError) as refused:
        read_actions(written(tmp_path, f"env: {env}"))
    assert says in str(refused.value)


def test_a_handler_sees_them_and_a_secret_of_them_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", "hunter2-hunter2")
    (item,) = read_actions(written(tmp_path, "env: {SHOP_MODE: fast, SHOP_KEY: '${SHOP_SECRET}'}"))
    action = {**python_action(tmp_path, AT_IMPORT), "env": item["env"]}
    shard = ShardProcess(tmp_path, [action], secrets=redaction.remembered())
    shard.initialize().records(1)
    assert shard.wait_for_event("handler.print")["message"] == "fast ***"
    shard.kill()
