"""The `record-processor` command. Each verb calls one function elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from record_processor import __version__
from record_processor.errors import RecordProcessorError
from record_processor.redaction import redacted

_PROPERTIES = click.argument("properties", type=click.Path(path_type=Path), metavar="FILE.properties")
_SET = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a property; may be given several times.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="record-processor")
def cli() -> None:
    """A KCL worker for DynamoDB Streams: every change reaches your actions, in order per item."""
    # As in the children: a handler's module is found in the working directory.
    sys.path.insert(0, "")


@cli.command()
@_PROPERTIES
@_SET
def run(properties: Path, overrides: tuple[str, ...]) -> None:
    """Run a worker until SIGTERM or SIGINT."""
    from record_processor.daemon.run import run as run_worker

    raise SystemExit(run_worker(properties, overrides))


@cli.command()
@_PROPERTIES
@_SET
def check(properties: Path, overrides: tuple[str, ...]) -> None:
    """Check a configuration and start nothing: exit status 0, or 2 with every mistake."""
    from record_processor.daemon.check import check as check_configuration

    checked = check_configuration(properties, overrides)
    click.echo(f"{properties}: right, with {len(checked.actions)} action(s)")


@cli.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the tables in this folder, not in memory.",
)
def local(port: int, data: Path | None) -> None:
    """Run DynamoDB Local on this machine; Maven fetches it once. No Docker needed."""
    from record_processor.local.dynamodb_local import run as run_local

    raise SystemExit(run_local(port, data))


@cli.command()
@click.argument("name", metavar="TABLE|STREAM-ARN")
@click.option(
    "--from",
    "start",
    default="trim-horizon",
    show_default=True,
    metavar="trim-horizon|latest|at:SEQ|after:SEQ",
)
@click.option("--shard", "shard_id", help="Only this shard.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until interrupted.")
@click.option("--limit", type=click.IntRange(1), help="Stop after this many records.")
@click.option("--endpoint-url", help="Such as http://localhost:8000 for DynamoDB Local.")
@click.option("--region", help="Default: that of the AWS configuration, else us-east-1.")
@click.option("--profile", help="Of the AWS configuration.")
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
    """Print the records of a stream as JSON; no worker needed, and no worker disturbed."""
    from record_processor.operate.peek import Peek, client

    Peek(client(endpoint_url, region, profile), shard_id, start, follow, limit).run(name)


@cli.command()
@_PROPERTIES
@click.argument("source", type=click.Path(path_type=Path), required=False)
@_SET
@click.option("--action", help="Only this action's letters.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def replay(
    properties: Path, source: Path | None, overrides: tuple[str, ...], action: str | None, dry_run: bool
) -> None:
    """Send dead letters through their actions again; what succeeds is removed.

    SOURCE is a file, or a folder of them; without it, the letters come from where the actions' dead_letter puts them.
    """
    from record_processor.daemon.check import check as check_configuration
    from record_processor.operate.replay import Replay

    checked = check_configuration(properties, overrides)
    region = checked.properties.text("regionName")
    raise SystemExit(Replay(checked.actions, action, dry_run, region).run(source))


@cli.command()
@click.argument("name", required=False, metavar="[NAME]")
def actions(name: str | None) -> None:
    """List the installed actions; with a NAME, show its settings and an example."""
    from record_processor.operate.catalogue import described, listed

    click.echo(listed() if name is None else described(name))


@cli.command()
def schema() -> None:
    """Print the JSON Schema of actions.yaml, for editors."""
    from record_processor.configuration.schema import text

    click.echo(text())


def main() -> None:
    """Run the command; an error of ours is printed in its own words, without a traceback."""
    try:
        cli(prog_name="record-processor")
    except RecordProcessorError as error:
        click.echo(f"record-processor: {redacted(str(error))}", err=True)
        sys.exit(error.exit_status)
