"""Dead letters as items of a DynamoDB table."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from record_processor.aws.settings import client
from record_processor.dead_letters.held import HeldLetters, refusal_of
from record_processor.dead_letters.letter import fingerprint
from record_processor.dead_letters.packing import REMOVE_AT_ONCE, send, unpacked
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import DynamoDBDeadLetter

# An item has at most 400 KB, with all its names and values.
_LARGEST_BYTES = 380 * 1024
_LONGEST_ERROR = 1000
_SET_ASIDE = "set_aside_at"


class DynamoDBStore:
    """A table with the key `id`; the letter is in `letter`, and attributes to search for are beside it."""

    def __init__(self, settings: DynamoDBDeadLetter, action: str, region: str) -> None:
        self._settings = settings
        self._action = action
        self._region = region
        self._found: HeldLetters[dict[str, Any]] = HeldLetters()
        """Items by key, whatever the letters in them say."""
        self._bad: list[dict[str, Any]] = []
        self.refused: list[str] = []

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

    def read(self, most: int | None = None) -> tuple[HeldLetters[dict[str, Any]], int]:
        for key, text in islice(self._texts(), most):
            try:
                self._found.add(unpacked(text), key)
            except ValueError:
                self._bad.append(key)
        return self._found, len(self._bad)

    def hold(self) -> None:
        """Nothing to do: nobody else takes letters out."""

    def has(self, letter: Letter) -> bool:
        return bool(self._found.places_of(fingerprint(letter)))

    def remove(self, letters: Collection[Letter]) -> None:
        self.discard([fingerprint(letter) for letter in letters])

    def discard(self, fingerprints: Collection[bytes]) -> None:
        for found in fingerprints:
            for key in self._found.places_of(found):
                self._dynamodb.delete_item(TableName=self._settings.table, Key=key)
            self._found.forget(found)

    def set_aside(self) -> str:
        """Mark the items where they are. An item may have no room for the mark."""
        while self._bad:
            self._mark(self._bad.pop())
        return f"{self.name}, marked {_SET_ASIDE}"

    def set_letters_aside(self, fingerprints: Collection[bytes]) -> str:
        for found in fingerprints:
            for key in self._found.places_of(found):
                self._mark(key)
            self._found.forget(found)
        return f"{self.name}, marked {_SET_ASIDE}"

    def release(self) -> None:
        self._found.clear()
        self._bad.clear()

    def _mark(self, key: dict[str, Any]) -> None:
        with refusal_of(f"item {next(iter(key['id'].values()))}", self.refused):
            self._dynamodb.update_item(
                TableName=self._settings.table,
                Key=key,
                UpdateExpression=f"SET {_SET_ASIDE} = :now",
                ExpressionAttributeValues={":now": {"S": datetime.now(timezone.utc).isoformat()}},
            )

    def _put(self, beside: dict[str, str], letter: str) -> None:
        item = {name: {"S": text} for name, text in {**beside, "letter": letter}.items()}
        self._dynamodb.put_item(TableName=self._settings.table, Item=item)

    def _texts(self) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield each item's key, and what is in place of a letter."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._settings.table,
            ConsistentRead=True,
            FilterExpression=f"attribute_not_exists({_SET_ASIDE})",
        )
        for page in pages:
            for item in page["Items"]:
                yield {"id": item["id"]}, item.get("letter", {}).get("S", "")

    @property
    def _dynamodb(self) -> Any:
        return client("dynamodb", self._settings.aws, self._region, self._settings.table)
