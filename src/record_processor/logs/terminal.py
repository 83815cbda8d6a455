"""What the commands print: text from records, letters and services, which must not control a terminal."""

from __future__ import annotations

import click

from record_processor.text.redaction import redacted
from record_processor.text.safe_text import printable, printable_lines


def say(text: str, *, err: bool = False) -> None:
    """Print one line; what would leave it, or control the terminal, is escaped."""
    click.echo(printable(redacted(text)), err=err)


def say_exactly(text: str, *, err: bool = False) -> None:
    """Do what `say_lines` does without masking: for what somebody asks for and must use as it is.

    The name of a resource may have come through `${NAME}`, and would be masked as if it were a secret; and the token of
    a console is one.
    """
    click.echo(printable_lines(text), err=err)


def say_lines(text: str) -> None:
    """Print a text whose line breaks are ours; everything else as `say` does."""
    click.echo(printable_lines(redacted(text)))
