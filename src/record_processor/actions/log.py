"""`log`: one structured log event per record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from record_processor.logs.log_events import Log
from record_processor.plugin.action import Action
from record_processor.plugin.record_format import FormattedSettings, RecordFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AddressProbe, AwsProbe
    from record_processor.records.change_record import ChangeRecord

log = Log("actions.log")


class LogSettings(FormattedSettings, kw_only=True, frozen=True):
    """Writes each record to the worker's log, as the event `record`."""

    images: Annotated[
        bool, Meta(description="Log the images as well. Turn this off if items hold data that must not be logged.")
    ] = True
    level: Annotated[Literal["debug", "info", "warning"], Meta(description="The level of the log events.")] = "info"


class LogAction(Action[LogSettings]):
    settings_type = LogSettings
    concurrent = False
    default_batch_size = 100
    example = """\
- name: show
  type: log
  images: false
"""

    def __init__(self, settings: LogSettings) -> None:
        super().__init__(settings)
        chosen = settings.format is not None or settings.template is not None
        self._shape = RecordFormat(settings) if chosen else None

    @property
    def permissions(self) -> Sequence[Permission]:
        return ()  # calls no AWS service

    @property
    def probes(self) -> Sequence[AwsProbe | AddressProbe]:
        return ()

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        write = getattr(log, self.settings.level)
        for record in records:
            write("record", f"{record.event_name} {record.table}", **self._fields(record))

    def _fields(self, record: ChangeRecord) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "action": self.settings.name,
            "sequence_number": record.sequence_number,
            "created_at": record.created_at,
            "keys": record.keys,
        }
        if self._shape is not None:
            return {**fields, "record": self._shape.of(record)}
        if self.settings.images:
            images = {"new": record.new_image, "old": record.old_image}
            fields.update({name: image for name, image in images.items() if image is not None})
        return fields
