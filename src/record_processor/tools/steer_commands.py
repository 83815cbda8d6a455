"""The commands that steer an application. Each calls one function elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from record_processor.system.private_files import restrict_new_files
from record_processor.system.stop_signals import raise_stop_signals
from record_processor.tools.options import PROPERTIES, SET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CommandT = TypeVar("CommandT", bound="Callable[..., None]")

_REASON = "Why; shown by `status`, and in the log of every worker."


def _scope(command: CommandT) -> CommandT:
    """Add the options that name a part of an application."""
    for option in (
        click.option("--table", help="Only what this table's streams have."),
        click.option("--action", help="Only this action."),
        click.option("--shard", help="Only this shard: its id, or an end of it that no other has."),
    ):
        command = option(command)
    return command


@click.command()
@PROPERTIES
@SET
@_scope
@click.option("--reason", default="", help=_REASON)
def pause(
    properties: Path, overrides: tuple[str, ...], table: str | None, action: str | None, shard: str | None, reason: str
) -> None:
    """Pause an application, or a table, an action or a shard of it, on all hosts and until it is resumed.

    No call of what is paused begins within 2 seconds; calls that are running come to their end. Leases stay where they
    are. Exit status: 0 if all workers have confirmed it, 1 if not, 2 if nothing was ordered.
    """
    from record_processor.tools.steer import Steer

    raise_stop_signals()
    raise SystemExit(Steer(properties, overrides).pause(table, action, shard, reason))


@click.command()
@PROPERTIES
@SET
@_scope
@click.option("--all", "everything", is_flag=True, help="Resume everything that is paused.")
def resume(
    properties: Path,
    overrides: tuple[str, ...],
    table: str | None,
    action: str | None,
    shard: str | None,
    everything: bool,
) -> None:
    """Resume what was paused with the same options.

    Exit status: 0 if all workers have confirmed it, 1 if not, 2 if nothing was paused that way.
    """
    from record_processor.tools.steer import Steer

    raise_stop_signals()
    raise SystemExit(Steer(properties, overrides).resume(table, action, shard, everything))


@click.command()
@PROPERTIES
@click.argument("shard", metavar="SHARD")
@click.argument("sequence_number", metavar="SEQUENCE_NUMBER")
@SET
@click.option("--action", required=True, help="The action that the record blocks.")
@click.option("--reason", required=True, help="Why; it stands in the dead letter and in the log.")
def skip(
    properties: Path, shard: str, sequence_number: str, overrides: tuple[str, ...], action: str, reason: str
) -> None:
    """Give up a record that blocks an action now: it goes to the dead letters, and the shard goes on.

    Without dead_letter it goes to skipped/ACTION.jsonl in the working directory of the worker that has the shard.
    SHARD is a shard's id, or an end of it that no other has. Exit status: 0 if it is skipped, 1 if that was not
    confirmed, 2 if nothing was ordered.
    """
    from record_processor.tools.steer import Steer

    raise_stop_signals()
    raise SystemExit(Steer(properties, overrides).skip(shard, sequence_number, action, reason))


@click.command()
@PROPERTIES
@SET
@click.option("--reason", default="", help="Why; it stands in the log of every worker.")
def reload(properties: Path, overrides: tuple[str, ...], reason: str) -> None:
    """Have every worker read its own actions.yaml anew, without a restart. SIGHUP does the same for one worker.

    It is checked first, here and on each host, and refused whole if it has errors. Shard processes save their progress
    and start again with the new actions; no lease moves. Exit status: 0 if all workers have the new actions, 1 if not,
    2 if the actions here have errors or nothing was ordered.
    """
    from record_processor.tools.steer import Steer

    restrict_new_files()
    raise_stop_signals()
    raise SystemExit(Steer(properties, overrides).reload(reason))


@click.command()
@PROPERTIES
@SET
@click.option(
    "--to",
    required=True,
    metavar="TIME|trim-horizon|latest|SEQ",
    help="Where to begin: a time with its zone, such as 2026-11-27T08:30:00Z; with the oldest records; with what comes "
    "from now on; or, with --shard, with the record of this sequence number.",
)
@click.option("--table", help="Only this table's streams.")
@click.option("--shard", help="Only this shard: its id, or an end of it that no other has.")
@click.option(
    "--skip", "skips", is_flag=True, help="Let shards that are behind a time, or a record, skip what is left."
)
@click.option("--reason", default="", help="Why; it stands in the log of every worker.")
@click.option("--dry-run", is_flag=True, help="Show what would be processed again or skipped. Change nothing.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
def seek(
    properties: Path,
    overrides: tuple[str, ...],
    to: str,
    table: str | None,
    shard: str | None,
    skips: bool,
    reason: str,
    dry_run: bool,
    yes: bool,
) -> None:
    """Have an application, a table or a shard begin elsewhere: process records again, or skip them.

    Shows first what that means for each shard. Skips nothing, unless with --to latest or --skip. Works while workers
    run: they let the shards go, and begin there when failoverTimeMillis has passed. The children of an ended shard that
    is opened again are processed again, too. Exit status: 0 if it is done and workers, if any run, have the shards; 1
    if not all of it; 2 if nothing was changed.
    """
    from record_processor.tools.seek import SeekCommand
    from record_processor.tools.seek_planner import Asked

    raise_stop_signals()
    asked = Asked(to, table, shard, reason, skips)
    raise SystemExit(SeekCommand(properties, overrides, asked).run(dry_run, is_sure=yes))


@click.command()
@PROPERTIES
@SET
@click.option("--yes", is_flag=True, help="Do it without asking.")
def reset(properties: Path, overrides: tuple[str, ...], yes: bool) -> None:
    """Remove an application's three tables, and with them its progress and its orders. Needs all workers stopped.

    Shows first what is in them, and refuses while a worker lives. The next worker begins at initialPositionInStream.
    Exit status: 0 if they are removed, 1 if only some are, 2 if none is.
    """
    from record_processor.tools.reset import Reset

    raise_stop_signals()
    raise SystemExit(Reset(properties, overrides).run(is_sure=yes))


COMMANDS = (pause, resume, skip, seek, reset, reload)
