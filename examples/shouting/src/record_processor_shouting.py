"""`shout`: appends the keys of each changed item to a file, loudly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from record_processor.plugin import Action, ActionSettings, AwsProbe, ChangeRecord, InvalidSettingError, Permission


class ShoutSettings(ActionSettings, kw_only=True, frozen=True):
    """Appends the keys of each changed item to a file, in capitals."""

    path: Annotated[str, Meta(description="The file.", min_length=1)]
    marks: Annotated[int, Meta(description="How many exclamation marks (1 to 9).", ge=1, le=9)] = 1


class ShoutAction(Action[ShoutSettings]):
    """Several shards may write to the file: each line is one write, which is whole or not there."""

    settings_type = ShoutSettings
    default_batch_size = 100
    example = """\
- name: news
  type: shout
  path: news.txt
"""

    def __init__(self, settings: ShoutSettings) -> None:
        super().__init__(settings)
        if Path(settings.path).is_dir():
            raise InvalidSettingError("path", f"{settings.path} is a folder")

    @property
    def permissions(self) -> Sequence[Permission]:
        return ()  # it calls no AWS service

    @property
    def probes(self) -> Sequence[AwsProbe]:
        return ()  # and nothing else that could be asked

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        with Path(self.settings.path).open("a") as file:
            for record in records:
                text = json.dumps(record.plain["keys"], default=str).upper()
                file.write(text + "!" * self.settings.marks + "\n")
