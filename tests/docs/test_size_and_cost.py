"""The page on size and cost: its figures are those that were measured, and what its formulas give."""

from __future__ import annotations

import re
from math import ceil, floor

import pytest

from tests.docs.blocks import pages

PAGE = pages()["docs/how-to/size-and-cost.md"]
MEASURED = pages()["docs/explanation/measurements.md"]
SCALING = pages()["docs/explanation/scaling.md"]
HOURS, MINUTES = 730, 43_800
WORKERS = 2
COST_OF_FOUR_SHARDS = 50.05


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, or below a line that begins so, without its head."""
    table = PAGE.partition(heading)[2].partition("\n|")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def number(text: str) -> float:
    (found,) = re.findall(r"[\d.]+", text.replace(",", ""))
    return float(found)


def row(text: str, name: str) -> list[float]:
    (line,) = re.findall(rf"(?m)^\| {re.escape(name)}[^|]*\|(.*)\|$", text)
    return [float(value) for value in re.findall(r"[\d.]+", line)]


def fargate(cores: float, gigabytes: float) -> float:
    return WORKERS * HOURS * (cores * 0.04048 + gigabytes * 0.004445)


def tables(shards: int) -> float:
    report = ceil(0.4 + 0.05 * shards / WORKERS)
    writes = 29 * shards + WORKERS * (60 + 40 * report) + 60
    reads = 2.4 * shards + 150 * WORKERS - 15
    return MINUTES * (writes * 0.625 + reads * 0.125) / 1_000_000


def streams(shards: int) -> float:
    return shards * 3600 * HOURS * 0.02 / 100_000


def of_lambda(megabytes: float, milliseconds: float) -> float:
    return HOURS * 3600 * (0.0000002 + megabytes / 1024 * milliseconds / 1000 * 0.0000166667)


def test_sizes_are_those_that_were_measured() -> None:
    sizes = rows("## How much memory and CPU")
    shards = " / ".join(cells[0] for cells in sizes)
    memory = " / ".join(cells[1].removesuffix(" MB") for cells in sizes)
    (line,) = [line for line in MEASURED.splitlines() if "python -m bench.busy_shards" in line]
    assert f"{shards} busy shards" in line
    assert f"memory of everything {memory} MB" in line
    (per_shard,) = re.findall(r"CPU time ([\d./ ]+) ms per second and shard", line)
    for cells, each in zip(sizes, per_shard.split(" / "), strict=True):
        assert number(cells[2].removesuffix(" ms")) == pytest.approx(number(cells[0]) * float(each), rel=0.02)


def test_the_formula_for_memory_is_near_what_was_measured_and_what_is_given_is_more() -> None:
    for shards, memory, cpu, given in rows("## How much memory and CPU"):
        formula = 210 + 11.5 * number(shards)
        assert number(memory) == pytest.approx(formula, rel=0.03)
        cores, gibibytes = (number(part) for part in given.split(","))
        assert 1.25 * max(formula, number(memory)) <= gibibytes * 1024
        assert 2 * number(cpu) / 1000 <= cores


def test_the_tables_calls_are_those_that_were_measured() -> None:
    assert row(SCALING, "a shard with traffic") == [29, 2.4]
    assert row(SCALING, "a shard without") == [18, 2.4]
    # A report of one kilobyte, every 1.5 seconds, is 40 of the 100. The leader reads 45 less.
    assert row(SCALING, "a worker, of up to 16") == [100, 150, 105]
    assert row(SCALING, "an application") == [60, 30]


def test_what_it_costs_is_what_the_formulas_give() -> None:
    for cells in rows("Two workers on Fargate"):
        shards = int(cells[0])
        cores, gigabytes = (number(part) for part in cells[1].split(","))
        parts = [fargate(cores, gigabytes), tables(shards), streams(shards)]
        assert [f"${part:.2f}" for part in [*parts, sum(parts)]] == cells[2:]


def test_the_examples_of_lambda_are_what_the_formula_gives() -> None:
    found = rows("For the $50.05 of four shards")
    assert len(found) == 3
    for function, price, most in found:
        megabytes, milliseconds = (number(part) for part in function.split(", "))
        each = of_lambda(megabytes, milliseconds)
        assert price == f"${each:.2f}"
        assert number(most) == round(COST_OF_FOUR_SHARDS / each)
    without_hosts = tables(4) + streams(4)
    assert f"${without_hosts:.2f} for four shards" in PAGE
    assert f"at {floor(without_hosts / of_lambda(128, 50) + 0.5)} invocations" in PAGE
