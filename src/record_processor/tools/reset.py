"""`record-processor reset`: removes what an application knows of its progress, its three tables."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.aws import clients
from record_processor.aws.clients import explained
from record_processor.config.credential_providers import check_provider
from record_processor.config.properties import read_properties
from record_processor.errors import SetupError
from record_processor.fleet import kcl_state, life_signs
from record_processor.fleet.server_clock import ServerClock
from record_processor.host import fleet_target, kcl_tables
from record_processor.logs.terminal import say
from record_processor.tools import reset_tables
from record_processor.tools.confirmation import confirm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from record_processor.fleet.life_signs import Signs
    from record_processor.tools.reset_tables import Items

_MOST_NAMED = 5


class Look(NamedTuple):
    """What is in the three tables at one moment; None for a table that does not exist."""

    leases: Items | None
    coordinator: Items | None
    metrics: Items | None
    now: float
    """By DynamoDB's clock."""

    @property
    def signs(self) -> Signs:
        return life_signs.signs_in(self.leases or [], self.coordinator or [], self.metrics or [])


class Reset:
    """Looks first, and removes nothing before `run`."""

    def __init__(self, path: Path, overrides: Iterable[str]) -> None:
        """Connect.

        Raises:
            InvalidConfigError: the properties have errors.
            SetupError: an endpoint, region or credentials are wrong.
        """
        configuration = read_properties(path, [*overrides], os.environ)
        check_provider(configuration.aws.tables_provider)
        aws = configuration.aws
        session = clients.session(aws.tables_provider, aws.region)
        self._dynamodb: Any = clients.client(session, "dynamodb", aws.tables_endpoint)
        self._tables = configuration.tables
        self._name = configuration.application_name
        self._silent_seconds = fleet_target.silent_seconds(configuration)

    def run(self, *, is_sure: bool) -> int:
        """Show the tables and, if somebody is sure and no worker lives, remove them; return the exit status.

        Raises:
            SetupError: nothing was removed.
        """
        found = self._look()
        names = self._show(found)
        self._refuse_speaking(found)
        confirm(
            f"Remove these {len(names)} tables for good?",
            is_sure=is_sure,
            otherwise=f"nothing was removed: --yes removes these {len(names)} tables (above) for good",
        )
        self._refuse_moving(found)
        return self._remove(names)

    def _look(self) -> Look:
        """Return the items of each table, which are KCL's.

        Raises:
            SetupError: there are none, or a table is somebody else's.
        """
        clock, items = ServerClock(), list[Any]()
        for table, shape in zip(self._tables, kcl_tables.wanted(self._tables), strict=True):
            description = kcl_tables.find(self._dynamodb, table.name)
            if description is not None:
                kcl_tables.check_key(description, shape)
                reset_tables.check_unprotected(description)
            items.append(None if description is None else kcl_state.scan(self._dynamodb, table.name, clock))
        if all(one is None for one in items):
            meta = self._dynamodb.meta
            raise SetupError(
                f"application {self._name} has no tables in {meta.region_name} at {meta.endpoint_url}: "
                f"none of {', '.join(table.name for table in self._tables)} is there, so there is nothing to remove"
            )
        for table, kind, content in zip(self._tables, reset_tables.KINDS, items, strict=True):
            reset_tables.check_items(table.name, kind, content or [])
        leases, coordinator, metrics = items
        return Look(leases, coordinator, metrics, clock.now())

    def _show(self, found: Look) -> list[str]:
        """Print the tables, and return their names: that with the progress is the last."""
        contents = (found.leases, found.coordinator, found.metrics)
        tables = zip(self._tables, contents, strict=True)
        there = [(table.name, items) for table, items in tables if items is not None]
        for name, items in there:
            say(f"{name}: {reset_tables.size(items)}")
        return [name for name, _ in reversed(there)]

    def _refuse_speaking(self, found: Look) -> None:
        coordinator, metrics = found.coordinator or [], found.metrics or []
        alive = life_signs.speaking(coordinator, metrics, found.now, self._silent_seconds)
        if alive:
            said = [f"{one.worker_id} reported itself {one.seen_seconds_ago or 0:.0f} s ago" for one, _ in alive]
            after = max(left for _, left in alive)
            raise SetupError(
                f"nothing was removed: workers live: {_listed(said)}. Stop them; a worker that was killed counts as "
                f"gone {after:.0f} s from now"
            )

    def _refuse_moving(self, before: Look) -> None:
        """Watch for as long as a lease lasts: clocks of hosts may be wrong, and what moves is written by somebody."""
        say(f"looking for {self._silent_seconds:g} s whether anybody works with them")
        time.sleep(self._silent_seconds)
        moved = life_signs.moved(before.signs, self._look().signs)
        if moved:
            said = [f"{worker_id}: {how} within the last seconds" for worker_id, how in moved.items()]
            raise SetupError(
                f"nothing was removed: workers live: {_listed(said)}. Stop them; reset is possible when nothing has "
                f"moved for {self._silent_seconds:g} s"
            )

    def _remove(self, names: list[str]) -> int:
        for at, name in enumerate(names):
            try:
                with explained(f"table {name}"):
                    reset_tables.delete(self._dynamodb, name)
            except SetupError as error:
                if not at:
                    raise
                say(f"{error}", err=True)
                say(f"removed: {', '.join(names[:at])}; still there: {', '.join(names[at:])}", err=True)
                return 1
            say(f"{name} is removed")
        say(f"application {self._name} begins anew, at initialPositionInStream")
        return 0


def _listed(said: Sequence[str]) -> str:
    more = f"; and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
    return "; ".join(said[:_MOST_NAMED]) + more
