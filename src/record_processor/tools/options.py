"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

PROPERTIES = click.argument("properties", type=click.Path(path_type=Path), metavar="FILE.properties")
SET = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a property. Can be repeated.",
)
