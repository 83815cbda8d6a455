"""An application's orders: one item of KCL's coordinator table, which KCL leaves alone.

Every worker reads it about once a second; whoever steers the application changes it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.delivery.orders import Orders
from record_processor.delivery.orders_file import MOST_BYTES, encoded
from record_processor.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

KEY = "record-processor-orders"
VIA_VARIABLE = "RP_ORDERED_THROUGH"
"""The variable that says through what somebody orders; nothing if it was a command in a terminal."""
KEPT_SECONDS = 25 * 3600.0
"""DynamoDB keeps a record for a day: an order to skip one, or to seek, means nothing after that."""

_MOST_TRIES = 5


def key() -> dict[str, Any]:
    return {"key": {"S": KEY}}


def read(dynamodb: Any, table: str) -> Orders:
    """Return the orders of this moment.

    Raises:
        SetupError: the item cannot be understood.
    """
    return _orders(dynamodb.get_item(TableName=table, Key=key(), ConsistentRead=True).get("Item"))


def orders_in(items: Iterable[Mapping[str, Any]]) -> Orders:
    """Return the orders among the items of the coordinator table. Raises what `read` raises."""
    return _orders(next((item for item in items if item.get("key") == key()["key"]), None))


def change(dynamodb: Any, table: str, made: Callable[[Orders], Orders]) -> Orders:
    """Change the orders, and return them; nobody else's change at the same time is lost.

    Raises:
        SetupError: there is no room for more, or others keep changing them.
    """
    for _ in range(_MOST_TRIES):
        before = read(dynamodb, table)
        wanted = made(before)
        if wanted == before:
            return before
        after = _newer(wanted, before.version + 1)
        try:
            _write(dynamodb, table, after, before.version)
        except dynamodb.exceptions.ConditionalCheckFailedException:
            continue
        return after
    raise SetupError(f"table {table}: others keep changing the orders of this application; try again")


def _newer(orders: Orders, version: int) -> Orders:
    now = time.time()
    skips = [skip for skip in orders.skips if now - skip.at <= KEPT_SECONDS]
    seek = orders.seek if orders.seek is not None and now - orders.seek.at <= KEPT_SECONDS else None
    newer = msgspec.structs.replace(orders, version=version, skips=skips, seek=seek)
    if len(encoded(newer)) > MOST_BYTES:
        raise SetupError(
            f"there are too many orders: {len(newer.pauses)} pauses and {len(newer.skips)} skipped records. Resume "
            "what is paused; records that were skipped are forgotten after a day"
        )
    return newer


def _write(dynamodb: Any, table: str, orders: Orders, before: int) -> None:
    item = {**key(), "version": {"N": str(orders.version)}, "orders": {"S": encoded(orders).decode()}}
    dynamodb.put_item(
        TableName=table,
        Item=item,
        ConditionExpression="attribute_not_exists(#version) OR #version = :before",
        ExpressionAttributeNames={"#version": "version"},
        ExpressionAttributeValues={":before": {"N": str(before)}},
    )


def _orders(item: Mapping[str, Any] | None) -> Orders:
    if item is None:
        return Orders()
    try:
        return msgspec.json.decode(item["orders"]["S"], type=Orders)
    except (KeyError, TypeError, msgspec.MsgspecError) as error:
        raise SetupError(
            f"the item {KEY} of the coordinator table cannot be understood ({error}): a newer version may have written "
            "it, or a person. Delete it to resume everything"
        ) from None
