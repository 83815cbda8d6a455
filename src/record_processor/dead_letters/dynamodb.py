"""Dead letters as items of a DynamoDB table."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from record_processor.actions.aws import client
from record_processor.dead_letters.packing import REMOVE_AT_ONCE, fingerprint, in_stream_order, send, unpacked
from record_processor.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import DynamoDBDeadLetter

# An item has 400 KB at most, with all its names and values.
_LARGEST_BYTES = 380 * 1024
_LONGEST_ERROR = 1000
_SET_ASIDE = "set_aside_at"


class DynamoDBStore:
    """A table with the key `id`; the letter is in `letter`, and what one looks for stands beside it."""

    def __init__(self, settings: DynamoDBDeadLetter, action: str, region: str) -> None:
        self._settings = settings
        self._action = action
        self._region = region
        self._ids: dict[bytes, list[str]] = {}
        """Of the letters that `read` found, by fingerprint: the items', whatever the letters in them say."""
        self._bad: list[str] = []

    remove_at_once = REMOVE_AT_ONCE

    @property
    def name(self) -> str:
        return f"table {self._settings.table}"

    def store(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            texts = {
                "id": letter.id,
                "action": letter.action,
                "stream_arn": letter.stream_arn,
                "shard_id": letter.shard_id,
                "sequence_number": letter.sequence_number,
                "stored_at": letter.stored_at,
                "error": shortened(f"{letter.error.type}: {letter.error.message}", _LONGEST_ERROR),
            }
            send("dynamodb", letter, _LARGEST_BYTES, partial(self._put, texts))

    def read(self) -> tuple[list[Letter], int]:
        letters = []
        for item_id, text in self._texts():
            try:
                letter = unpacked(text)
            except ValueError:
                self._bad.append(item_id)
                continue
            letters.append(letter)
            self._ids.setdefault(fingerprint(letter), []).append(item_id)
        return in_stream_order(letters), len(self._bad)

    def remove(self, letters: Collection[Letter]) -> None:
        for letter in letters:
            for item_id in self._ids.pop(fingerprint(letter), []):
                self._dynamodb.delete_item(TableName=self._settings.table, Key={"id": {"S": item_id}})

    def set_aside(self) -> str:
        """Where they are, with a mark."""
        now = datetime.now(timezone.utc).isoformat()
        while self._bad:
            self._dynamodb.update_item(
                TableName=self._settings.table,
                Key={"id": {"S": self._bad[-1]}},
                UpdateExpression=f"SET {_SET_ASIDE} = :now",
                ExpressionAttributeValues={":now": {"S": now}},
            )
            self._bad.pop()
        return f"{self.name}, marked {_SET_ASIDE}"

    def release(self) -> None:
        self._ids.clear()
        self._bad.clear()

    def _put(self, beside: dict[str, str], letter: str) -> None:
        item = {name: {"S": text} for name, text in {**beside, "letter": letter}.items()}
        self._dynamodb.put_item(TableName=self._settings.table, Item=item)

    def _texts(self) -> Iterator[tuple[str, str]]:
        """The id of each item, and what stands where a letter should."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._settings.table,
            ConsistentRead=True,
            FilterExpression=f"attribute_not_exists({_SET_ASIDE})",
        )
        for page in pages:
            for item in page["Items"]:
                yield item["id"]["S"], item.get("letter", {}).get("S", "")

    @property
    def _dynamodb(self) -> Any:
        return client("dynamodb", self._settings.aws, self._region, self._settings.table)
