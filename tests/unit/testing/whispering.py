"""An action of somebody else's, made of public names alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from record_processor.plugin import Action, ActionSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.plugin import ChangeRecord


class WhisperSettings(ActionSettings, kw_only=True, frozen=True):
    """Appends the keys of each changed item to a file, in small letters."""

    path: Annotated[str, Meta(description="The file.", min_length=1)]


class WhisperAction(Action[WhisperSettings]):
    settings_type = WhisperSettings

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        with Path(self.settings.path).open("a") as file:
            file.writelines(json.dumps(record.plain["keys"]).lower() + "\n" for record in records)
