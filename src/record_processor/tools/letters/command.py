"""`record-processor dead-letters`: each verb calls one function elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from record_processor.system.private_files import restrict_new_files
from record_processor.system.stop_signals import raise_stop_signals
from record_processor.tools.options import PROPERTIES, SET

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.host.check import Checked
    from record_processor.tools.letters.choice import Choice
    from record_processor.tools.letters.places import Places

_SOURCE = click.argument("source", type=click.Path(path_type=Path), required=False)
_CHOICES = (
    click.option("--action", help="Only letters of this action."),
    click.option("--table", help="Only letters of this table."),
    click.option("--error", metavar="TEXT", help="Only letters with this in their error, which is `TYPE: message`."),
    click.option("--since", metavar="TIME|AGO", help="Only letters stored since 2026-11-27T08:30Z, say, or 6h ago."),
    click.option("--until", metavar="TIME|AGO", help="Only letters stored before such a time."),
    click.option("--id", "ids", multiple=True, metavar="ID", help="Only the letter with this id. Can be repeated."),
)


def _chosen(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_CHOICES):
        command = option(command)
    return command


@click.group("dead-letters")
def dead_letters() -> None:
    """Look at dead letters, send them again, remove them, or set them aside.

    SOURCE is a file or a folder of files. Without it, letters are read from each action's dead_letter store; those in
    SNS cannot be read. The messages of a queue are hidden from others while a command looks at them.
    """


@dead_letters.command("list")
@PROPERTIES
@_SOURCE
@SET
@_chosen
@click.option("--each", is_flag=True, help="Print a line with its id for each letter.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def list_(
    properties: Path, source: Path | None, overrides: tuple[str, ...], each: bool, as_json: bool, **chosen: Any
) -> None:
    """Count dead letters by action, table and error."""
    from record_processor.tools.letters.listing import Listing

    places, choice = _places(_checked(properties, overrides), source), _choice(chosen)
    listing = Listing(places, choice)
    if as_json:
        listing.say_json()
    else:
        listing.say(each)


@dead_letters.command()
@PROPERTIES
@click.argument("letter_id", metavar="ID")
@_SOURCE
@SET
@click.option("--show-values", is_flag=True, help="Show the values of the item's attributes.")
def show(properties: Path, letter_id: str, source: Path | None, overrides: tuple[str, ...], show_values: bool) -> None:
    """Show one dead letter. The values of its item are masked, also where the error quotes them."""
    from record_processor.tools.letters.view import show as show_letter

    show_letter(_places(_checked(properties, overrides), source), letter_id, show_values)


@dead_letters.command()
@PROPERTIES
@_SOURCE
@SET
@_chosen
@click.option("--rate", metavar="N/s|N/m|N/h", help="Deliver at most so many, such as 50/s.")
@click.option("--dry-run", is_flag=True, help="Print what would be done without doing it.")
def replay(
    properties: Path, source: Path | None, overrides: tuple[str, ...], rate: str | None, dry_run: bool, **chosen: Any
) -> None:
    """Send dead letters through their actions again and remove those that succeed.

    A letter waits while an earlier one of its item stays, because it failed again or is not chosen. Exit status: 0 if
    every chosen letter succeeded, 1 if some remain, 2 if a place cannot be read.
    """
    from record_processor.tools.letters.pace import pace_of
    from record_processor.tools.replay import Replay

    choice, pace = _choice(chosen), pace_of(rate)
    checked = _checked(properties, overrides)
    region = checked.configuration.aws.region
    again = Replay(checked.actions, choice, dry_run=dry_run, region=region, pace=pace)
    raise SystemExit(again.run(source))


@dead_letters.command()
@PROPERTIES
@_SOURCE
@SET
@_chosen
@click.option("--yes", is_flag=True, help="Remove them. Without this they are only shown.")
def purge(properties: Path, source: Path | None, overrides: tuple[str, ...], yes: bool, **chosen: Any) -> None:
    """Remove dead letters for good: their records are never delivered.

    Shows first what it removes. Letters that are added meanwhile stay. Exit status: 0 if all were removed, 2 without
    --yes or if a place cannot be read.
    """
    from record_processor.tools.letters.removal import Removal

    places, choice = _places(_checked(properties, overrides), source), _choice(chosen)
    raise SystemExit(Removal(places, choice).purge(yes))


@dead_letters.command()
@PROPERTIES
@_SOURCE
@SET
@_chosen
@click.option("--to", type=click.Path(path_type=Path), metavar="FILE.bad", help="Move letters to this file.")
@click.option("--dry-run", is_flag=True, help="Print what would be done without doing it.")
def quarantine(
    properties: Path, source: Path | None, overrides: tuple[str, ...], to: Path | None, dry_run: bool, **chosen: Any
) -> None:
    """Set dead letters aside, where no replay looks; without a choice, what is not a letter.

    In FILE.bad, under ACTION.bad/ of a bucket, or marked set_aside_at in a table. A queue has no such place: --to moves
    letters from anywhere to a file. Exit status: 0, 1 if some remain, 2 if a place cannot be read.
    """
    from record_processor.tools.letters.removal import Removal

    places, choice = _places(_checked(properties, overrides), source), _choice(chosen)
    raise SystemExit(Removal(places, choice).quarantine(to, dry_run))


def _checked(properties: Path, overrides: tuple[str, ...]) -> Checked:
    from record_processor.host.check import check

    restrict_new_files()
    raise_stop_signals()
    return check(properties, overrides)


def _places(checked: Checked, source: Path | None) -> Places:
    from record_processor.tools.letters.places import Places

    return Places(checked.actions, source, checked.configuration.aws.region)


def _choice(chosen: dict[str, Any]) -> Choice:
    from record_processor.tools.letters.choice import choice_of

    return choice_of(**chosen)
