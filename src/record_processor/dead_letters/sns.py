"""Dead letters as notifications of an SNS topic."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from record_processor.aws.settings import client
from record_processor.dead_letters.packing import send

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import SnsDeadLetter

_LARGEST_BYTES = 256 * 1024


class SnsStore:
    """A topic that is notified of letters; nothing can be read back from it."""

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
            to = {"TopicArn": self._settings.topic_arn, "Subject": f"dead letter of {letter.action}", **fifo}
            send("sns", letter, _LARGEST_BYTES, partial(_publish, sns, to))


def _publish(sns: Any, to: dict[str, str], text: str) -> None:
    sns.publish(**to, Message=text)
