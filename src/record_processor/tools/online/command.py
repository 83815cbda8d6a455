"""What `record-processor check` prints, with `--online` after it has looked at everything outside the configuration."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from record_processor.errors import InvalidConfigError, SetupError
from record_processor.host import endpoints
from record_processor.host.check import check
from record_processor.logs.terminal import say, say_lines
from record_processor.tools.online import allowed, collector, destinations, identity, machine, own_tables, streams
from record_processor.tools.online.finding import Finding, error, of_setup_error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from record_processor.host.check import Checked
    from record_processor.tools.online.streams import Seen

_FAILED = 2


def report(path: Path, overrides: Iterable[str], *, online: bool, as_json: bool) -> int:
    """Print each finding as it comes, or all as one JSON list; return the exit status.

    Raises:
        InvalidConfigError, SetupError: the configuration has errors, and the report is not for a program.
    """
    findings: list[Finding] = []
    try:
        for one in _findings(path, overrides, online):
            findings.append(one)
            if not as_json:
                say(one.line())
    except InvalidConfigError as failure:
        if not as_json:
            raise
        findings += [error(place, message, "") for place, message in failure.mistakes]
    except SetupError as failure:
        if not as_json:
            raise
        findings.append(of_setup_error(str(path), failure))
    if as_json:
        say_lines(json.dumps([one._asdict() for one in findings], indent=2, ensure_ascii=False))
    return _FAILED if any(one.result == "error" for one in findings) else 0


def _findings(path: Path, overrides: Iterable[str], online: bool) -> Iterator[Finding]:
    checked = check(path, overrides, with_needs=online)
    for risk in checked.warnings:
        yield warning(risk.place, risk.message, "")
    for sentence in checked.exposed:
        yield warning("files", sentence, "")
    count = len(checked.actions)
    yield ok(str(path), f"{count} action{'s' * (count != 1)}")
    if online:
        yield from machine.look()
        yield from _outside(checked)


def _outside(checked: Checked) -> Iterator[Finding]:
    configuration = checked.configuration
    aws = configuration.aws
    yield from identity.look(aws)
    seen: list[Seen] = []
    try:
        clients = endpoints.connect(aws)
    except SetupError as failure:
        yield of_setup_error("endpoints", failure)
    else:
        yield ok(
            "endpoints", f"{clients.tables.meta.endpoint_url} and {clients.streams.meta.endpoint_url}, {aws.region}"
        )
        yield from streams.look(clients, configuration.stream_names, checked.needs.images, seen)
        existing: set[str] = set()
        yield from own_tables.look(clients.tables, configuration, existing)
        yield from own_tables.look_at_leases(clients.tables, configuration)
        if aws.tables_endpoint is None:  # a local database has no permissions
            yield from allowed.look(checked, existing)
    yield from destinations.look(checked.needs, aws.region)
    yield from collector.look(configuration, os.environ)
    uses_sdk = any(question.aws is not None for question in checked.needs.questions)
    shards = sum(one.open_shards for one in seen) or len(configuration.stream_names)
    forks = configuration.has_warm_parent and configuration.executable_name is None
    yield from machine.look_for_shards(shards, configuration.jvm_options, uses_sdk=uses_sdk, forks=forks)
