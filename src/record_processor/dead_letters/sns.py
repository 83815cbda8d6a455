"""Dead letters as notifications of an SNS topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.actions.aws import client
from record_processor.dead_letters.packing import packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import SnsDeadLetter

_LARGEST_BYTES = 256 * 1024


class SnsStore:
    """A topic that hears of letters; nothing can be read back from it."""

    def __init__(self, settings: SnsDeadLetter, action: str, region: str) -> None:
        self._settings = settings
        self._action = action
        self._region = region

    def store(self, letters: Sequence[Letter]) -> None:
        sns = client("sns", self._settings.aws, self._region, self._settings.topic_arn)
        for letter in letters:
            fifo = {}
            if self._settings.topic_arn.endswith(".fifo"):
                fifo = {"MessageGroupId": letter.action, "MessageDeduplicationId": letter.id}
            message = packed(letter, _LARGEST_BYTES)
            subject = f"dead letter of {letter.action}"
            sns.publish(TopicArn=self._settings.topic_arn, Subject=subject, Message=message, **fifo)
