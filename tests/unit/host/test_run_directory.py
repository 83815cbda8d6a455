"""Return what the Java side is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import javaproperties
import pytest

from record_processor.config.properties import read_properties
from record_processor.host.check import Checked
from record_processor.host.run_directory import RunDirectory

if TYPE_CHECKING:
    from pathlib import Path


def told(tmp_path: Path, *overrides: str) -> dict[str, str]:
    path = tmp_path / "worker.properties"
    path.write_text("applicationName = app\nstreamName = Orders\n")
    directory = RunDirectory()
    try:
        directory.write(Checked(read_properties(path, overrides, {}), [], ["python"], None), ["arn"], "single")
        with directory.properties_path.open() as file:
            return dict(javaproperties.load(file))
    finally:
        directory.remove()


@pytest.mark.parametrize(("failover_millis", "rounds"), [("5000", "4"), ("10000", "6"), ("30000", "12")])
def test_leases_are_balanced_again_only_when_the_last_moves_are_over(
    tmp_path: Path, failover_millis: str, rounds: str
) -> None:
    values = told(tmp_path, f"failoverTimeMillis={failover_millis}")
    assert values["varianceBalancingFrequency"] == rounds
    assert values["dampeningPercentage"] == "100"
    assert values["disableWorkerMetrics"] == "true"


def test_what_the_user_wrote_about_balancing_stays(tmp_path: Path) -> None:
    assert told(tmp_path, "varianceBalancingFrequency=60")["varianceBalancingFrequency"] == "60"


def test_balancing_by_traffic_is_left_to_kcl(tmp_path: Path) -> None:
    values = told(tmp_path, "balanceLeasesBy=traffic")
    assert values["balanceLeasesBy"] == "traffic"
    assert not {"varianceBalancingFrequency", "dampeningPercentage", "disableWorkerMetrics"} & values.keys()
