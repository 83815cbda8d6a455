"""Dead letters as items of a DynamoDB table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.actions.aws import client
from record_processor.dead_letters.packing import in_stream_order, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import DynamoDBDeadLetter

# An item has 400 KB at most, with all its names and values.
_LARGEST_BYTES = 380 * 1024
_LONGEST_ERROR = 1000


class DynamoDBStore:
    """A table with the key `id`; the letter is in `letter`, and what one looks for stands beside it."""

    def __init__(self, settings: DynamoDBDeadLetter, action: str, region: str) -> None:
        self._settings = settings
        self._action = action
        self._region = region

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
                "error": f"{letter.error.type}: {letter.error.message}"[:_LONGEST_ERROR],
                "letter": packed(letter, _LARGEST_BYTES),
            }
            item = {name: {"S": text} for name, text in texts.items()}
            self._dynamodb.put_item(TableName=self._settings.table, Item=item)

    def read(self) -> tuple[list[Letter], int]:
        letters, bad = [], 0
        for text in self._texts():
            try:
                letters.append(unpacked(text))
            except ValueError:
                bad += 1
        return in_stream_order(letters), bad

    def remove(self, ids: Collection[str]) -> None:
        for letter_id in ids:
            self._dynamodb.delete_item(TableName=self._settings.table, Key={"id": {"S": letter_id}})

    def release(self) -> None:
        """Nothing is held: reading a table hides nothing from others."""

    def _texts(self) -> Iterator[str]:
        pages = self._dynamodb.get_paginator("scan")
        for page in pages.paginate(TableName=self._settings.table, ConsistentRead=True):
            for item in page["Items"]:
                yield item.get("letter", {}).get("S", "")

    @property
    def _dynamodb(self) -> Any:
        return client("dynamodb", self._settings.aws, self._region, self._settings.table)
