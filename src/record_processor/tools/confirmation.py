"""Whether somebody means it: what cannot be taken back is shown first, and done with `--yes` or when asked."""

from __future__ import annotations

import sys

import click

from record_processor.errors import SetupError


def confirm(question: str, *, is_sure: bool, otherwise: str) -> None:
    """Return if somebody is sure, or says so when asked on a terminal.

    Raises:
        SetupError: nobody is; `otherwise` says what was not done, and how it is.
    """
    if is_sure or (sys.stdin.isatty() and sys.stdout.isatty() and click.confirm(question)):
        return
    raise SetupError(otherwise)
