"""The commands that only look, as a terminal has them: `peek` at a stream, `status` of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from record_processor.system.stop_signals import raise_stop_signals
from record_processor.tools.options import PROPERTIES, SET

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("name", metavar="TABLE|STREAM-ARN")
@click.option(
    "--from",
    "start",
    default="trim-horizon",
    show_default=True,
    metavar="trim-horizon|latest|at:SEQ|after:SEQ",
    help="Where to start.",
)
@click.option("--shard", "shard_id", help="Read only this shard.")
@click.option("--follow", is_flag=True, help="Keep reading new records until interrupted.")
@click.option("--limit", type=click.IntRange(1), help="Stop after this many records.")
@click.option("--endpoint-url", help="Endpoint URL, such as http://localhost:8000 for a local database.")
@click.option("--region", help="AWS region. Default: from the AWS configuration, otherwise us-east-1.")
@click.option("--profile", help="Profile in the AWS configuration.")
def peek(
    name: str,
    start: str,
    shard_id: str | None,
    follow: bool,
    limit: int | None,
    endpoint_url: str | None,
    region: str | None,
    profile: str | None,
) -> None:
    """Print the records of a stream as JSON. Needs no worker and disturbs none."""
    from record_processor.tools.peek import Peek, client

    Peek(client(endpoint_url, region, profile), shard_id, start, follow, limit).run(name)


@click.command()
@PROPERTIES
@SET
@click.option("--table", help="Show only the streams of this table.")
@click.option("--all", "shows_ended", is_flag=True, help="Show shards that have ended, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--watch", is_flag=True, help="Show it again every two seconds until interrupted.")
def status(
    properties: Path, overrides: tuple[str, ...], table: str | None, shows_ended: bool, as_json: bool, watch: bool
) -> None:
    """Show the application: its workers, and for each shard its state, its lag and what blocks it.

    Works without a worker that runs: from the lease table, the streams and the workers' own reports. Changes nothing,
    and reads one record per shard and look. Exit status: 0, or 2 if nothing can be shown.
    """
    from record_processor.tools.status import Status

    raise_stop_signals()
    Status(table, as_json, shows_ended).run(properties, overrides, watch)


COMMANDS = (peek, status)
