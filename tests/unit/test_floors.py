"""The floors of the house, as pyproject.toml lists them: imports go downwards only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import api

ROOT = Path(__file__).parents[2]
PACKAGE = "record_processor"
CONTRACT: Any = api.read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"][0]
FLOORS = [[name.strip() for name in floor.split(":")] for floor in CONTRACT["layers"]]


@pytest.fixture
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(PACKAGE, cache_dir=None)


def illegal(graph: grimp.ImportGraph) -> set[tuple[str, str]]:
    floors: list[Any] = [grimp.Layer(*floor) for floor in FLOORS]
    found = graph.find_illegal_dependencies_for_layers(floors, containers={PACKAGE})
    return {(one.importer, one.imported) for one in found}


def test_no_module_imports_from_a_floor_above_it(graph: grimp.ImportGraph) -> None:
    assert illegal(graph) == set()


def test_an_upward_import_is_found(graph: grimp.ImportGraph) -> None:
    graph.add_import(importer=f"{PACKAGE}.records.stream", imported=f"{PACKAGE}.host.run")
    assert (f"{PACKAGE}.records", f"{PACKAGE}.host") in illegal(graph)


def test_every_folder_and_module_has_its_floor(graph: grimp.ImportGraph) -> None:
    named = {f"{PACKAGE}.{name}" for floor in FLOORS for name in floor}
    assert graph.find_children(PACKAGE) == named
