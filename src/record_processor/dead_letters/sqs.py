"""Dead letters as messages of an SQS queue."""

from __future__ import annotations

import contextlib
import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

from record_processor.actions.aws import client
from record_processor.dead_letters.held import HeldLetters
from record_processor.dead_letters.packing import REMOVE_AT_ONCE, send, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import SqsDeadLetter

# A queue's own limit may be lower: what it refuses is sent again, smaller.
_LARGEST_BYTES = 1024 * 1024
_AT_ONCE = 10
_HELD_SECONDS = 900
"""How long a replay keeps messages from others. One that takes longer delivers a letter twice, and loses none."""
# More than these are not given out at a time: the rest is for the next replay.
_ENOUGH = ("OverLimit", "AWS.SimpleQueueService.OverLimit")


class SqsStore:
    """A queue of letters, of one action or of several."""

    def __init__(self, settings: SqsDeadLetter, action: str, region: str) -> None:
        self._settings = settings
        self._action = action
        self._region = region
        self._found: HeldLetters[str] = HeldLetters()
        """By their messages' receipts."""
        self._bad: list[str] = []
        """The receipts of what is no letter."""
        self.refused: list[str] = []
        """Nothing: a message that is received is read."""

    remove_at_once = REMOVE_AT_ONCE

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
            send("sqs", letter, _LARGEST_BYTES, partial(self._send, fifo))

    def read(self) -> tuple[HeldLetters[str], int]:
        while messages := self._receive():
            for message in messages:
                try:
                    self._found.add(unpacked(message["Body"]), message["ReceiptHandle"])
                except ValueError:
                    self._bad.append(message["ReceiptHandle"])
        return self._found, len(self._bad)

    def remove(self, letters: Collection[Letter]) -> None:
        for letter in letters:
            for receipt in self._found.places_of(letter):
                self._sqs.delete_message(QueueUrl=self.name, ReceiptHandle=receipt)
            self._found.forget(letter)

    def set_aside(self) -> str | None:
        """Nowhere: a queue has no other place, and the messages may be somebody else's."""

    def release(self) -> None:
        """What is not released comes back by itself, in 15 minutes."""
        from botocore.exceptions import BotoCoreError, ClientError

        receipts = iter([*self._bad, *self._found.places()])
        self._found.clear()
        self._bad.clear()
        with contextlib.suppress(BotoCoreError, ClientError):
            while some := list(itertools.islice(receipts, _AT_ONCE)):
                entries = [
                    {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for number, receipt in enumerate(some)
                ]
                self._sqs.change_message_visibility_batch(QueueUrl=self.name, Entries=entries)

    def _send(self, fifo: dict[str, str], text: str) -> None:
        self._sqs.send_message(QueueUrl=self.name, MessageBody=text, **fifo)

    def _receive(self) -> list[dict[str, Any]]:
        from botocore.exceptions import ClientError

        try:
            answer = self._sqs.receive_message(
                QueueUrl=self.name,
                MaxNumberOfMessages=_AT_ONCE,
                VisibilityTimeout=_HELD_SECONDS,
                WaitTimeSeconds=1,  # asks every server of the service; without it some of the messages stay unseen
            )
        except ClientError as error:
            if error.response["Error"].get("Code") in _ENOUGH:
                return []
            raise
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    @property
    def _sqs(self) -> Any:
        return client("sqs", self._settings.aws, self._region, self.name)
