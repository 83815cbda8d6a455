"""One GET, one answer, no more of the connection."""

from __future__ import annotations

import http.client

from tests.servers.process import LOOPBACK


def get(port: int, path: str, host: str = LOOPBACK, seconds: float = 20) -> tuple[int, str]:
    """Return the status and the body."""
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def series(exposition: str) -> dict[str, float]:
    """Return all series of a worker's metrics by name, without its common beginning, and labels."""
    lines = [line.rpartition(" ") for line in exposition.splitlines() if not line.startswith("#")]
    return {name.removeprefix("record_processor_"): float(value) for name, _, value in lines}
