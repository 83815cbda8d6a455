"""The `record-processor` command. Each subcommand calls one function elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from record_processor import __version__
from record_processor.errors import RecordProcessorError, SetupError
from record_processor.logs import user_stderr
from record_processor.logs.terminal import say, say_lines
from record_processor.system.private_files import restrict_new_files
from record_processor.system.stop_signals import StopSignal, raise_stop_signals
from record_processor.text.redaction import redacted
from record_processor.tools import look_commands, steer_commands
from record_processor.tools.letters.command import dead_letters
from record_processor.tools.options import PROPERTIES, SET


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="record-processor")
def cli() -> None:
    """A KCL worker for DynamoDB Streams: delivers every change to your actions, in order per item."""
    # As in shard processes: a handler's module is found in the working directory.
    sys.path.insert(0, "")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--table", default="Orders", show_default=True, help="The table whose changes are processed.")
@click.option("--region", help="Its AWS region. Default: from the AWS configuration.")
def init(folder: Path, table: str, region: str | None) -> None:
    """Create a project: properties, actions, a handler and its test, all of which run. Overwrites nothing."""
    from record_processor.tools.init import init as make_project

    make_project(folder, table, region)


@cli.command()
@PROPERTIES
@SET
@click.option("--reload", is_flag=True, help="Start handlers again when a Python file is saved. Local endpoints only.")
@click.option(
    "--debug",
    metavar="ACTION",
    help="Let breakpoint() and debuggers stop in the handler of this action: no timeout applies to it.",
)
def run(properties: Path, overrides: tuple[str, ...], reload: bool, debug: str | None) -> None:
    """Run a worker until SIGTERM or SIGINT."""
    from record_processor.host.development import Development
    from record_processor.host.run import run as run_worker

    restrict_new_files()
    raise_stop_signals()
    try:
        raise SystemExit(run_worker(properties, overrides, Development(reload, debug)))
    except StopSignal:
        raise SystemExit(0) from None  # stopped in good order, before there was anything to finish


@cli.command()
@PROPERTIES
@SET
@click.option(
    "--online",
    is_flag=True,
    help="Also look at this machine, and ask AWS and what the actions write to. Changes and sends nothing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as a JSON list.")
def check(properties: Path, overrides: tuple[str, ...], online: bool, as_json: bool) -> None:
    """Check a configuration without starting anything. Exit status: 0, or 2 with every error reported.

    With --online, each line is a result (ok, warning or error), what was looked at, what was found and what to do:
    Java, memory and file descriptors; credentials and clock; tables, streams and their view types; KCL's tables; and
    everything that the actions and dead letters write to.
    """
    raise_stop_signals()
    if online or as_json:
        from record_processor.tools.online.command import report

        raise SystemExit(report(properties, overrides, online=online, as_json=as_json))
    from record_processor.host.check import check as check_configuration

    checked = check_configuration(properties, overrides)
    for warning in checked.warnings:
        user_stderr.say_risky(redacted(str(warning)))
    for sentence in checked.exposed:
        user_stderr.say_exposed(redacted(sentence))
    count = len(checked.actions)
    say(f"{properties}: OK: {count} action{'s' * (count != 1)}")


@cli.command()
@PROPERTIES
@SET
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "cloudformation", "terraform"]),
    default="json",
    show_default=True,
    help="What the policy is written for.",
)
@click.option(
    "--for",
    "reader",
    type=click.Choice(["worker", "replay", "console", "operator", "reset"]),
    default="worker",
    show_default=True,
    help="Who gets it: a worker, whoever runs `replay`, only looks, also steers (`pause` … `seek`), or runs `reset`.",
)
@click.option(
    "--principal",
    metavar="NAME",
    help="Whose policy, if the configuration names roles or profiles. Default: the worker's own.",
)
@click.option("--account", metavar="ID", help="The AWS account. Default: that of the credentials, as AWS says.")
def iam(
    properties: Path,
    overrides: tuple[str, ...],
    form: str,
    reader: str,
    principal: str | None,
    account: str | None,
) -> None:
    """Print the least IAM policy for exactly this configuration.

    It allows the calls of the worker, of KCL, of the actions and of their dead letters, each on its own resources.
    What handlers and programs of yours call is not in it, and neither are keys of KMS.
    """
    from record_processor.tools.iam.command import Wanted
    from record_processor.tools.iam.command import iam as print_policy
    from record_processor.tools.iam.formats import Format
    from record_processor.tools.iam.policies import For

    raise_stop_signals()
    print_policy(properties, overrides, Wanted(Format(form), For(reader), principal, account))


@cli.command()
def class_archive() -> None:
    """Make the archive of Java's classes that halves the CPU time of a start: once per installation or image."""
    from record_processor.host import class_archive as archive
    from record_processor.host.find_java import find_java
    from record_processor.host.jvm import jars

    raise_stop_signals()
    say(f"{archive.make(find_java(), jars())}: ready")


@cli.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port on 127.0.0.1.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep tables and streams in this folder. They are read at the start and written at the end.",
)
def local(port: int, data: Path | None) -> None:
    """Run a local DynamoDB for development and tests. Needs neither Docker nor Java."""
    from record_processor.local.ministack import run as run_local

    restrict_new_files()
    raise SystemExit(run_local(port, data))


@cli.command()
@PROPERTIES
@SET
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Port on 127.0.0.1.")
@click.option(
    "--show-values", "shows_values", is_flag=True, help="Show the values of items. Default: only names and types."
)
@click.option(
    "--allow-actions",
    "allows_actions",
    is_flag=True,
    help="Let the page pause, resume, skip, reload and replay, for whoever has the token that is printed.",
)
def console(properties: Path, overrides: tuple[str, ...], port: int, shows_values: bool, allows_actions: bool) -> None:
    """Show the application in a browser on this machine. Changes nothing without --allow-actions.

    Shows what `status` shows, with its trend and the lineage of shards, what the actions do, dead letters, and the
    records of a stream as they come. Looks every second while a browser has the page open, however many there are.
    Exit status: 0 after SIGTERM or SIGINT, or 2 if nothing can be shown.
    """
    from record_processor.console.command import run as run_console

    run_console(properties, overrides, port, shows_values, allows_actions)


cli.add_command(dead_letters)
# What people have in their scripts and runbooks, and what they need most.
cli.add_command(dead_letters.commands["replay"], "replay")


@cli.command("try")
@PROPERTIES
@click.argument("records", type=click.Path(path_type=Path), required=False)
@SET
@click.option("--action", help="Try only this action.")
@click.option("--key", "keys", multiple=True, metavar="NAME", help="A key attribute of items. Can be repeated.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent. Send nothing and call no handler.")
def try_(
    properties: Path,
    records: Path | None,
    overrides: tuple[str, ...],
    action: str | None,
    keys: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Deliver records from a file to the actions and show what each action does with them.

    RECORDS has what `peek` prints, an event of Lambda, items in DynamoDB JSON (with --key), or dead letters. Without
    it, standard input is read. Nothing waits between retries, and no dead letters are stored. Exit status: 0 if all
    records were delivered or filtered out, 1 if not, 2 if RECORDS or the configuration has errors.
    """
    from record_processor.host.check import check as check_configuration
    from record_processor.tools.sample_source import read_records
    from record_processor.tools.try_actions import Try

    restrict_new_files()
    raise_stop_signals()
    checked = check_configuration(properties, overrides)
    trial = Try(checked.actions, action, dry_run)
    region = checked.configuration.aws.region
    raise SystemExit(trial.run(read_records(records, checked.configuration.stream_names, region, keys)))


@cli.command()
@click.argument("name", required=False, metavar="[NAME]")
def actions(name: str | None) -> None:
    """List the installed actions. With NAME, show its settings and an example."""
    from record_processor.catalog.describe import described, listed

    say_lines(listed() if name is None else described(name))


@cli.command()
def schema() -> None:
    """Print the JSON Schema of actions.yaml, for editors."""
    from record_processor.catalog.schema import text

    say_lines(text())


for _command in (*look_commands.COMMANDS, *steer_commands.COMMANDS):
    cli.add_command(_command)


def main() -> None:
    """Run the command; errors of a user or of the environment are reported in a sentence, without a traceback."""
    user_stderr.install()
    try:
        cli(prog_name="record-processor")
    except RecordProcessorError as error:
        _fail(str(error), error.exit_status)
    except StopSignal as stop:
        sys.exit(128 + stop.number)
    except Exception as error:
        message = _explained(error)
        if message is None:
            raise
        _fail(message, SetupError.exit_status)


def _fail(message: str, exit_status: int) -> NoReturn:
    user_stderr.say_failure(redacted(message), exit_status)
    sys.exit(exit_status)


def _explained(error: Exception) -> str | None:
    """Return what an error of the environment means, or None for a bug of ours."""
    if isinstance(error, OSError):
        return str(error)
    if type(error).__module__.startswith(("botocore.", "boto3.")):  # it is imported in that case
        from record_processor.aws.explanations import explanation

        return explanation(error)
    return None
