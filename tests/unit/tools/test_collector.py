"""`check --online` and the collector of traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from record_processor.config.properties import read_properties
from record_processor.tools.online import collector
from tests.servers.collector import Collector
from tests.servers.process import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.tools.online.finding import Finding


def look(folder: Path, endpoint: str, tracing: str = "otel", **environment: str) -> list[Finding]:
    path = folder / "worker.properties"
    path.write_text(f"applicationName = a\nstreamName = Orders\nregionName = eu-west-1\ntracing = {tracing}\n")
    said = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **environment}
    return list(collector.look(read_properties(path, [], {}), said))


def test_one_that_is_there_is_asked_nothing(tmp_path: Path) -> None:
    running = Collector()
    try:
        (found,) = look(tmp_path, running.address)
        assert (found.result, found.found) == ("ok", "accepts connections")
        assert found.what == f"traces: collector {running.address.removeprefix('http://')}"
        assert running.requests == 0
    finally:
        running.end()


def test_one_that_is_away_is_a_warning_since_records_are_delivered_all_the_same(tmp_path: Path) -> None:
    (found,) = look(tmp_path, f"http://127.0.0.1:{free_port()}")
    assert (found.result, found.remedy) == ("warning", "Check the address and the network's way there")


@pytest.mark.parametrize("endpoint", ["http://:4318", "http://collector:port"])
def test_an_address_that_cannot_be_read_is_one(tmp_path: Path, endpoint: str) -> None:
    assert [found.result for found in look(tmp_path, endpoint)] == ["warning"]


def test_where_no_span_is_sent_nobody_is_asked(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert look(tmp_path, nowhere, tracing="off") == []
    assert look(tmp_path, nowhere, OTEL_TRACES_EXPORTER="none") == []
