"""What the verbs print: text from records, letters and services, of which a terminal takes nothing for a command."""

from __future__ import annotations

import click

from record_processor.text.redaction import redacted
from record_processor.text.safe_text import printable, printable_lines


def say(text: str, *, err: bool = False) -> None:
    """Print one line; what would leave it, or tell the terminal to do something, is escaped."""
    click.echo(printable(redacted(text)), err=err)


def say_lines(text: str) -> None:
    """Print a text whose line breaks are ours; all else as `say` does."""
    click.echo(printable_lines(redacted(text)))
