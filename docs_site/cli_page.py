"""The reference of the command, as `--help` shows it."""

from __future__ import annotations

import click

from record_processor.cli import cli

_WIDTH = 100
PROGRAM = "record-processor"


def page() -> str:
    """Return all commands with their help."""
    parts = ["# Command line", "", *_help(cli, PROGRAM)]
    for name, command in sorted(cli.commands.items()):
        parts += [f"## {name}", "", *_help(command, f"{PROGRAM} {name}")]
    return "\n".join([*parts, "What the exit statuses mean: [exit status and signals](exit-status.md).", ""])


def _help(command: click.Command, name: str) -> list[str]:
    context = click.Context(command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH)
    return ["```text", command.get_help(context), "```", ""]
