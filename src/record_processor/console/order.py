"""What the page may order, and the command that does it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from record_processor.errors import SetupError

# One line: no argument of a program can have a NUL, and a line break would look like another line of a log.
_Text = Annotated[str, msgspec.Meta(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
_Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,60}\Z")]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One order, with the options of its command by their names."""

    verb: Literal["pause", "resume", "reload", "skip", "replay"]
    table: _Text | None = None
    shard: _Text | None = None
    action: _Text | None = None
    sequence_number: _Number | None = None
    reason: _Text = ""
    everything: bool = False
    """Resume all that is paused."""
    error: _Text | None = None
    """Replay letters whose error has this in it."""
    letter: _Text | None = None
    """Replay the letter with this id."""
    rate: _Text | None = None
    dry_run: bool = False


def read(body: bytes) -> Order:
    """Return what a request's body orders.

    Raises:
        SetupError: it is no order.
    """
    try:
        return msgspec.json.decode(body, type=Order)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SetupError(f"not an order: {error}") from None


def command(order: Order) -> tuple[list[str], list[str]]:
    """Return its verb with the options, and what stands after the properties file.

    Nothing of it can be taken for another option: values are joined to their names.

    Raises:
        SetupError: something that the order needs is missing.
    """
    if order.verb == "skip":
        if order.shard is None or order.sequence_number is None or order.action is None or not order.reason.strip():
            raise SetupError("to skip a record takes its shard, its number, an action and a reason")
        options = _options(action=order.action, reason=order.reason)
        return ["skip", *options], [order.shard, order.sequence_number]
    if order.verb == "replay":
        if order.action is None:
            raise SetupError("a replay takes an action")
        chosen = _options(action=order.action, table=order.table, error=order.error, id=order.letter, rate=order.rate)
        return ["replay", *chosen, *(["--dry-run"] if order.dry_run else [])], []
    if order.verb == "reload":
        return ["reload", *_options(reason=order.reason)], []
    scope = _options(table=order.table, shard=order.shard, action=order.action)
    if order.verb == "pause":
        return ["pause", *scope, *_options(reason=order.reason)], []
    return ["resume", *(["--all"] if order.everything else scope)], []


def _options(**values: str | None) -> list[str]:
    return [f"--{name}={value}" for name, value in values.items() if value]
