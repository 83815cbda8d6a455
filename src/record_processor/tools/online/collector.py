"""The collector that spans go to, with `tracing = otel`: whether it accepts connections. Nothing is sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from record_processor.catalog.check_report import Address
from record_processor.tools.online import destinations
from record_processor.tools.online.finding import Finding, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from record_processor.config.worker_configuration import WorkerConfiguration

_USUAL = "http://localhost:4318"
_PORTS = {"http": 80, "https": 443}


def look(configuration: WorkerConfiguration, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding if spans are sent: a warning if nobody takes them, since records are delivered all the same."""
    if not configuration.has_tracing or environment.get("OTEL_TRACES_EXPORTER") == "none":
        return
    try:
        address = _address(environment)
    except ValueError:
        yield warning("traces", "the collector's address cannot be read", "Check OTEL_EXPORTER_OTLP_ENDPOINT")
        return
    found = destinations.connected(f"traces: collector {address.host}:{address.port}", address)
    yield found._replace(result="warning") if found.result == "error" else found


def _address(environment: Mapping[str, str]) -> Address:
    parts = urlsplit(_said(environment, "ENDPOINT") or _USUAL)
    if not parts.hostname:
        raise ValueError("no host")
    port = parts.port or _PORTS[parts.scheme]
    return Address(parts.hostname, port, parts.scheme == "https", _said(environment, "CERTIFICATE"))


def _said(environment: Mapping[str, str], what: str) -> str | None:
    names = (f"OTEL_EXPORTER_OTLP_TRACES_{what}", f"OTEL_EXPORTER_OTLP_{what}")
    return next((environment[name] for name in names if environment.get(name)), None)
