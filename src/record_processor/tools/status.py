"""`record-processor status`: what all workers of an application do, with or without any that runs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec

from record_processor.config.credential_providers import check_provider
from record_processor.config.properties import read_properties
from record_processor.errors import SetupError
from record_processor.fleet.look import look
from record_processor.host import fleet_target, stream_arns
from record_processor.logs.terminal import say, say_lines
from record_processor.tools.status_text import text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from record_processor.fleet.look import Target
    from record_processor.fleet.model import Application

_PAUSE_SECONDS = 2.0
_CLEAR = "\x1b[H\x1b[2J\x1b[3J"


class Status:
    """Shows the application of a properties file."""

    def __init__(self, table: str | None, as_json: bool, shows_ended: bool) -> None:
        self._table = table
        self._as_json = as_json
        self._shows_ended = shows_ended

    def run(self, path: Path, overrides: Iterable[str], watch: bool) -> None:
        """Show it once, or again and again until interrupted.

        Raises:
            InvalidConfigError: the properties have errors.
            SetupError: nothing can be shown.
        """
        target = self._target(path, overrides)
        found = look(target)
        if not watch:
            self._show(found)
            return
        while True:
            self._show_again(found)
            time.sleep(_PAUSE_SECONDS)
            try:
                found = look(target)
            except SetupError as error:  # it answered before, and will again
                say(str(error), err=True)

    def _target(self, path: Path, overrides: Iterable[str]) -> Target:
        configuration = read_properties(path, overrides, os.environ)
        stream_arns.check_names(str(path), configuration.stream_names, configuration.aws.region)
        check_provider(configuration.aws.streams_provider)
        target = fleet_target.connect(configuration)
        if self._table is None:
            return target
        chosen = {name: arn for name, arn in target.newest_streams.items() if self._is_chosen(name, arn)}
        if not chosen:
            known = ", ".join(stream_arns.parts_of(arn)["table"] for arn in target.newest_streams.values())
            raise SetupError(f"--table {self._table}: streamName in {path} has no such table; it has: {known}")
        return target._replace(newest_streams=chosen)

    def _is_chosen(self, name: str, arn: str) -> bool:
        return self._table in (name, stream_arns.parts_of(arn)["table"])

    def _show(self, found: Application) -> None:
        say_lines(msgspec.json.encode(found).decode() if self._as_json else text(found, self._shows_ended))

    def _show_again(self, found: Application) -> None:
        if not self._as_json and os.isatty(1):
            os.write(1, _CLEAR.encode())
        self._show(found)
