"""Dead letters as messages of an SQS queue."""

from __future__ import annotations

import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from record_processor.aws.settings import client
from record_processor.dead_letters.held import HeldLetters
from record_processor.dead_letters.letter import fingerprint
from record_processor.dead_letters.packing import REMOVE_AT_ONCE, send, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import SqsDeadLetter

# A queue's own limit may be lower: what it rejects is sent again, smaller.
_LARGEST_BYTES = 1024 * 1024
_AT_ONCE = 10
_HELD_SECONDS = 900
"""How long a replay hides messages from others before it must say so again."""
_RENEW_SECONDS = 300.0
# Letters may arrive as fast as they are read, without end: what is left then is for the next replay.
_LONGEST_READ_SECONDS = 240.0
# SQS gives out no more than these at a time: the rest is for the next replay.
_ENOUGH = ("OverLimit", "AWS.SimpleQueueService.OverLimit")


class SqsStore:
    """A queue of letters, of one action or of several."""

    def __init__(self, settings: SqsDeadLetter, action: str, region: str) -> None:
        self._settings = settings
        self._action = action
        self._region = region
        self._found: HeldLetters[str] = HeldLetters()
        """Letters by the receipts of their messages."""
        self._bad: list[str] = []
        """The receipts of messages that are not letters."""
        self.refused: list[str] = []
        self._held_since = 0.0

    remove_at_once = REMOVE_AT_ONCE

    @property
    def name(self) -> str:
        return self._settings.queue_url

    def store(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            fifo = {}
            if self.name.endswith(".fifo"):
                # Each in its own group: of one group, no more than ten can be read before they are removed. They are
                # sorted when they are read.
                fifo = {"MessageGroupId": letter.id, "MessageDeduplicationId": letter.id}
            send("sqs", letter, _LARGEST_BYTES, partial(self._send, fifo))

    def read(self, most: int | None = None) -> tuple[HeldLetters[str], int]:
        self._held_since = time.monotonic()
        while messages := self._receive():
            for message in messages:
                try:
                    self._found.add(unpacked(message["Body"]), message["ReceiptHandle"])
                except ValueError:
                    self._bad.append(message["ReceiptHandle"])
            is_enough = most is not None and len(self._found.places()) + len(self._bad) >= most
            if is_enough or time.monotonic() - self._held_since > _LONGEST_READ_SECONDS:
                break
        return self._found, len(self._bad)

    def hold(self) -> None:
        """Hide the messages for longer: an expired receipt may remove nothing."""
        if time.monotonic() - self._held_since < _RENEW_SECONDS:
            return
        self._held_since = time.monotonic()
        gone = set(self._gone(self._found.places(), _HELD_SECONDS))
        if gone:
            self._found.forget_places(gone)
            self.refused += ["a message that was held for too long is in the queue again"] * len(gone)

    def has(self, letter: Letter) -> bool:
        return bool(self._found.places_of(fingerprint(letter)))

    def remove(self, letters: Collection[Letter]) -> None:
        self.discard([fingerprint(letter) for letter in letters])

    def discard(self, fingerprints: Collection[bytes]) -> None:
        for found in fingerprints:
            for receipt in self._found.places_of(found):
                self._sqs.delete_message(QueueUrl=self.name, ReceiptHandle=receipt)
            self._found.forget(found)

    def set_aside(self) -> str | None:
        """Set nothing aside: a queue has no other place, and the messages may be somebody else's."""

    def set_letters_aside(self, fingerprints: Collection[bytes]) -> str | None:
        """Set nothing aside, for want of another place."""

    def release(self) -> None:
        """Make them visible again; what this misses becomes visible by itself, in 15 minutes."""
        from botocore.exceptions import BotoCoreError, ClientError

        receipts = [*self._bad, *self._found.places()]
        self._found.clear()
        self._bad.clear()
        with contextlib.suppress(BotoCoreError, ClientError):
            self._gone(receipts, 0)

    def _gone(self, receipts: list[str], hidden_seconds: int) -> list[str]:
        """Hide messages from others for this long; return the receipts of those that are no longer ours."""
        gone = []
        for start in range(0, len(receipts), _AT_ONCE):
            some = receipts[start : start + _AT_ONCE]
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": hidden_seconds}
                for number, receipt in enumerate(some)
            ]
            answer = self._sqs.change_message_visibility_batch(QueueUrl=self.name, Entries=entries)
            gone += [some[int(failed["Id"])] for failed in answer.get("Failed", ())]
        return gone

    def _send(self, fifo: dict[str, str], text: str) -> None:
        self._sqs.send_message(QueueUrl=self.name, MessageBody=text, **fifo)

    def _receive(self) -> list[dict[str, Any]]:
        from botocore.exceptions import ClientError

        try:
            answer = self._sqs.receive_message(
                QueueUrl=self.name,
                MaxNumberOfMessages=_AT_ONCE,
                VisibilityTimeout=_HELD_SECONDS,
                WaitTimeSeconds=1,  # asks every server of the service; without it some messages stay unseen
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
