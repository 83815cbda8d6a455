"""Dead letters as messages of an SQS queue."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from record_processor.actions.aws import client
from record_processor.dead_letters.packing import in_stream_order, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import SqsDeadLetter

# Servers older than August 2025's limit of 1 MiB take this; JSON above it is compressed.
_LARGEST_BYTES = 256 * 1024
_READ_AT_ONCE = 10
_HELD_SECONDS = 900
"""How long a replay keeps messages from others. One that takes longer delivers a letter twice, and loses none."""


class SqsStore:
    """A queue of letters, of one action or of several."""

    def __init__(self, settings: SqsDeadLetter, action: str, region: str) -> None:
        self._settings = settings
        self._action = action
        self._region = region
        self._receipts: dict[str, list[str]] = {}
        """Of what `read` received, by id (a letter may be there twice); those of what is no letter under ""."""

    @property
    def name(self) -> str:
        return self._settings.queue_url

    def store(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            fifo = {}
            if self.name.endswith(".fifo"):
                # Each a group of its own: of one group, no more than ten can be read before they are removed. The order
                # is made when they are read.
                fifo = {"MessageGroupId": letter.id, "MessageDeduplicationId": letter.id}
            self._sqs.send_message(QueueUrl=self.name, MessageBody=packed(letter, _LARGEST_BYTES), **fifo)

    def read(self) -> tuple[list[Letter], int]:
        letters: dict[str, Letter] = {}
        bad = 0
        while messages := self._receive():
            for message in messages:
                try:
                    letter = unpacked(message["Body"])
                except ValueError:
                    bad += 1
                    self._receipts.setdefault("", []).append(message["ReceiptHandle"])
                    continue
                letters[letter.id] = letter
                self._receipts.setdefault(letter.id, []).append(message["ReceiptHandle"])
        return in_stream_order(list(letters.values())), bad

    def remove(self, ids: Collection[str]) -> None:
        for letter_id in ids:
            for receipt in self._receipts.pop(letter_id):
                self._sqs.delete_message(QueueUrl=self.name, ReceiptHandle=receipt)

    def release(self) -> None:
        for receipt in itertools.chain.from_iterable(self._receipts.values()):
            self._sqs.change_message_visibility(QueueUrl=self.name, ReceiptHandle=receipt, VisibilityTimeout=0)
        self._receipts.clear()

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self.name,
            MaxNumberOfMessages=_READ_AT_ONCE,
            VisibilityTimeout=_HELD_SECONDS,
            WaitTimeSeconds=1,  # asks every server of the service; without it some of the messages stay unseen
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    @property
    def _sqs(self) -> Any:
        return client("sqs", self._settings.aws, self._region, self.name)
