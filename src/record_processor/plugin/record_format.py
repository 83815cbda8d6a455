"""The shape in which a record is sent: Lambda's, plain JSON values, the stream's own, or a user's template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from record_processor.errors import InvalidSettingError, UndecodableRecordError
from record_processor.plugin.settings import ActionSettings
from record_processor.records.template import Template

if TYPE_CHECKING:
    from record_processor.records.change_record import ChangeRecord

Format = Literal["lambda", "plain", "dynamodb"]

_encoder = msgspec.json.Encoder(decimal_format="number")


class FormattedSettings(ActionSettings, kw_only=True, frozen=True):
    """The keys of every action that sends records somewhere."""

    format: Annotated[
        Format | None,
        Meta(
            description="Format of a record: Lambda's event (lambda, the default), ordinary JSON values (plain), or "
            "the stream's own record (dynamodb)."
        ),
    ] = None
    template: Annotated[
        Template | None,
        Meta(description="Send this JSON instead, with placeholders such as {keys.id}, {new.Total:0} and {eventName}."),
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.format is not None and self.template is not None:
            raise InvalidSettingError("template", "a template replaces the format: write one of the two")


class RecordFormat:
    """Turns records into what the settings ask for. Thread-safe."""

    def __init__(self, settings: FormattedSettings) -> None:
        self._template = settings.template
        self._format = settings.format or "lambda"

    @property
    def is_lambda(self) -> bool:
        return self._template is None and self._format == "lambda"

    def of(self, record: ChangeRecord) -> Any:
        """Return the object that is sent. Parts of it belong to the record: do not change them.

        Raises:
            UndecodableRecordError: an image contains something that is not an attribute value.
        """
        if self._template is not None:
            return self._template.render(record.plain)
        if self._format == "plain":
            return record.plain
        return record.to_lambda() if self._format == "lambda" else record.to_stream()

    def made_anew(self, record: ChangeRecord) -> Any:
        """Return the same as a copy that the caller may change. Raises what `of` raises."""
        if self._template is not None:
            return self._template.render(record.to_plain())
        return record.to_plain() if self._format == "plain" else self.of(record)

    def encoded(self, record: ChangeRecord) -> bytes:
        """Return the object as JSON on one line; numbers keep every digit. Raises what `of` raises."""
        try:
            return encoded(self.of(record))
        except RecursionError as error:  # it was read a moment ago
            raise UndecodableRecordError(record.sequence_number, error) from error


def encoded(value: Any) -> bytes:
    """Return JSON on one line, with Decimals as exact numbers."""
    return _encoder.encode(value)
