"""A Prometheus server that scrapes and evaluates rules, on loopback and with its data in a folder of the test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.harness import wait_for
from tests.http_get import get
from tests.promtool import prometheus
from tests.servers.process import LOOPBACK, Server, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CONFIGURATION = """
global: {{scrape_interval: {seconds}s, scrape_timeout: {seconds}s, evaluation_interval: {seconds}s}}
rule_files: [{rules}]
scrape_configs: {jobs}
"""
JSON = dict[str, Any]


class Prometheus:
    """Started, with a job for each of the ports."""

    def __init__(self, folder: Path, jobs: Mapping[str, int], rules: Path, scrape_seconds: int) -> None:
        self.scrape_seconds = scrape_seconds
        targets = [{"job_name": job, "static_configs": [{"targets": [_at(port)]}]} for job, port in jobs.items()]
        file = folder / "prometheus.yml"
        file.write_text(_CONFIGURATION.format(seconds=scrape_seconds, rules=rules, jobs=json.dumps(targets)))
        port = free_port()
        command = [
            prometheus(),
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'prometheus-data'}",
            f"--web.listen-address={_at(port)}",
            "--log.level=warn",
        ]
        self._server = Server("prometheus", port, command, folder)
        wait_for(self._is_ready, "Prometheus is ready")

    def value(self, expression: str, at: float) -> list[JSON]:
        """Return each series with its `value` at a time."""
        result: list[JSON] = self._asked("query", query=expression, time=str(at))["result"]
        return result

    def values(self, expression: str, start: float, end: float, step: float) -> list[JSON]:
        """Return each series with its `values` in a span."""
        asked = {"query": expression, "start": str(start), "end": str(end), "step": str(step)}
        result: list[JSON] = self._asked("query_range", **asked)["result"]
        return result

    def label_values(self, selector: str, label: str) -> list[str]:
        result: list[str] = self._asked(f"label/{label}/values", **{"match[]": selector})
        return result

    def rules(self) -> list[JSON]:
        return [rule for group in self._asked("rules")["groups"] for rule in group["rules"]]

    def end(self) -> None:
        self._server.stop()

    def _asked(self, path: str, **parameters: str) -> Any:
        status, text = self._get(f"/api/v1/{path}?{urlencode(parameters)}")
        assert status == 200, f"{parameters}: {text}"
        return json.loads(text)["data"]

    def _get(self, path: str) -> tuple[int, str]:
        return get(self._server.port, path, seconds=30)

    def _is_ready(self) -> bool:
        return self._get("/-/ready")[0] == 200


def _at(port: int) -> str:
    return f"{LOOPBACK}:{port}"
