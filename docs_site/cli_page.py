"""The reference of the command, as `--help` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from record_processor.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 100
PROGRAM = "record-processor"


def page() -> str:
    """Return all commands with their help."""
    parts = ["# Command line", "", *_help(cli, PROGRAM)]
    for name, command in _commands(cli):
        parts += [f"## {name}", "", *_help(command, f"{PROGRAM} {name}")]
    return "\n".join([*parts, "What the exit statuses mean: [exit status and signals](exit-status.md).", ""])


def _commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield all commands with their names, those of a group after it."""
    for name, command in sorted(group.commands.items()):
        yield before + name, command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{before}{name} ")


def _help(command: click.Command, name: str) -> list[str]:
    context = click.Context(command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH)
    return ["```text", command.get_help(context), "```", ""]
