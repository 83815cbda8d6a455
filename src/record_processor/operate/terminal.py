"""What the verbs print: text from records, letters and services, of which a terminal takes nothing for a command."""

from __future__ import annotations

import click

from record_processor.redaction import redacted
from record_processor.safe_text import printable


def say(text: str, *, err: bool = False) -> None:
    """Print lines; what would leave its line, or tell the terminal to do something, is escaped."""
    click.echo("\n".join(map(printable, redacted(text).split("\n"))), err=err)
