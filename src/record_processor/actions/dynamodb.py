"""`dynamodb`: another table that follows this one, as a copy or as a view.

Each item there carries the position of the change that it shows (its stream's label and its sequence number), and a
change is written only if it is newer. So neither replays nor changes out of order bring old data back. A deletion
leaves a marker for a while, since an item that is simply gone cannot say that it is newer.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from record_processor.aws import call_errors
from record_processor.aws.rehearsal import rehearse
from record_processor.aws.settings import AwsSettings, client
from record_processor.config.units import Duration, default
from record_processor.errors import (
    ActionError,
    InvalidSettingError,
    NotTriedError,
    PartialFailure,
    PermanentError,
    UndecodableRecordError,
)
from record_processor.plugin.action import Action, Destination, TableWrite
from record_processor.plugin.settings import ActionSettings
from record_processor.records.stream import Shard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AwsProbe
    from record_processor.records.change_record import ChangeRecord

# Sequence numbers have up to 21 digits on AWS, and no guaranteed length. As texts of equal length they compare as
# numbers do, and a text holds more digits than DynamoDB's numbers.
_SEQUENCE_DIGITS = 40
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_TOO_LARGE = "with the added attributes, the item exceeds DynamoDB's limit of 409,600 bytes"
_WEEK_SECONDS = 7 * 86400.0


class DynamoDBSettings(ActionSettings, kw_only=True, frozen=True):
    """Keeps another DynamoDB table like this one, or a view of it: newer changes win, whatever order they come in."""

    table: Annotated[
        str, Meta(description="The target table: a name or an ARN. It must have the same key.", min_length=1)
    ]
    attributes: Annotated[
        list[str] | None, Meta(description="Copy only these attributes and the key. Default: all.")
    ] = None
    rename: Annotated[dict[str, str], Meta(description="Rename attributes in the target table: {old: new}.")] = (
        msgspec.field(default_factory=dict)
    )
    keep_deleted: Annotated[
        Duration,
        Meta(
            description="How long to keep a marker for a deleted item. Default: 7d. With 0s the item is deleted at "
            "once, and a later replay can bring it back."
        ),
    ] = default(Duration(_WEEK_SECONDS))
    sequence_attribute: Annotated[
        str, Meta(description="The attribute that records which change an item reflects.", min_length=1)
    ] = "_sequence"
    deleted_attribute: Annotated[
        str, Meta(description="The attribute that marks a deleted item. Live items do not have it.", min_length=1)
    ] = "_deleted"
    expires_attribute: Annotated[
        str,
        Meta(
            description="The attribute with the marker's expiration time, in seconds since the epoch. Use it as the "
            "table's TTL attribute.",
            min_length=1,
        ),
    ] = "_expires"
    allow_loop: Annotated[
        bool,
        Meta(description="Allow `table` to be a table that this worker reads. Requires a filter that ends the loop."),
    ] = False
    aws: Annotated[
        AwsSettings, Meta(description="Region, endpoint and credentials, for example for another account.")
    ] = AwsSettings()


class DynamoDBAction(Action[DynamoDBSettings]):
    """Write only the last change of each item in a batch."""

    settings_type = DynamoDBSettings
    needed_images = ("new",)
    default_batch_size = 25
    example = """\
- name: orders-view
  type: dynamodb
  table: OrdersByStatus
  attributes: [Status, Total]
  rename: {Total: amount}
  aws: {region: us-east-1}
"""

    def __init__(self, settings: DynamoDBSettings) -> None:
        super().__init__(settings)
        own = {settings.sequence_attribute, settings.deleted_attribute, settings.expires_attribute}
        targets = [*settings.rename.values(), *own]
        if len(own) + len(settings.rename) != len(set(targets)):
            raise InvalidSettingError("rename", "two attributes would get the same name")
        if settings.allow_loop and settings.filter is None:
            message = "expected a filter beside it, which lets none of the action's own writes through"
            raise InvalidSettingError("allow_loop", f"{message}, such as {self._loops_end}")

    @property
    def destination(self) -> Destination:
        aws = self.settings.aws
        harm = "of one change only the first would be written, since the other is no newer; write one action for both"
        place = ("dynamodb", self.settings.table, aws.region, aws.endpoint, aws.role_arn)
        return Destination("table", place, harm, shared_by_filters=True)

    @property
    def written_table(self) -> TableWrite:
        settings = self.settings
        way_out = (
            "Write to another table; or, where it is meant, set allow_loop: true and a filter that lets none of the "
            f"action's own writes through, such as {self._loops_end}"
        )
        return TableWrite("table", settings.table, settings.aws, settings.allow_loop, way_out)

    @property
    def _loops_end(self) -> str:
        own = f"{{{self.settings.sequence_attribute}: {{S: [{{exists: false}}]}}}}"
        # Not REMOVE: the marker of a deletion is itself deleted later.
        return f"filter: {{eventName: [INSERT, MODIFY], dynamodb: {{NewImage: {own}}}}}"

    def warm_up(self, stream_region: str) -> None:
        dynamodb = client("dynamodb", self.settings.aws, stream_region, self.settings.table)
        rehearse(dynamodb, "PutItem", {"TableName": "table", "Item": {"id": {"S": "a"}}})

    def open(self, shard: Shard) -> None:
        self._shard = shard

    @property
    def permissions(self) -> Sequence[Permission]:
        from record_processor.aws import permissions  # no shard process asks

        calls = ("dynamodb:PutItem",) if self.settings.keep_deleted else ("dynamodb:PutItem", "dynamodb:DeleteItem")
        return [permissions.Permission(calls, (permissions.table(self.settings.table),), self.settings.aws)]

    @property
    def probes(self) -> Sequence[AwsProbe]:
        from record_processor.aws import probes

        return [probes.table(self.settings.table, self.settings.aws)]

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        last = {record.raw_keys: position for position, record in enumerate(records)}
        failures: dict[int, Exception] = {}
        for position in sorted(last.values()):
            try:
                self._write(records[position])
            except (PermanentError, UndecodableRecordError) as error:
                failures[position] = error
            except ActionError as error:
                failures[position] = error
                # The table is throttled or unavailable: more calls would only make it worse.
                failures.update({later: NotTriedError() for later in last.values() if later > position})
                break
        if failures:
            # Changes that were left out in favor of one that failed have failed too.
            failed_keys = {records[position].raw_keys for position in failures}
            for position, record in enumerate(records):
                if record.raw_keys in failed_keys:
                    failures.setdefault(position, NotTriedError())
            raise PartialFailure(failures)

    def preview(self, record: ChangeRecord) -> Any:
        return self._request(record, record.stream.label)[1]

    def _write(self, record: ChangeRecord) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        dynamodb = client("dynamodb", self.settings.aws, self._shard.stream.region, self.settings.table)
        operation, request = self._request(record)
        try:
            getattr(dynamodb, operation)(**request)
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return  # the table has a newer change, or this one already
        except (BotoCoreError, ClientError) as error:
            if "Item size" in str(error):
                raise PermanentError(f"PutItem: {_TOO_LARGE}") from None
            raise call_errors.of_call(
                "dynamodb", "PutItem" if operation == "put_item" else "DeleteItem", error
            ) from None

    def _request(self, record: ChangeRecord, label: str | None = None) -> tuple[str, dict[str, Any]]:
        """Return the operation and its parameters; `label` is the stream's label if the action is not open."""
        sequence = {"S": _place(self._shard.stream.label if label is None else label, record.sequence_number)}
        request = {
            "TableName": self.settings.table,
            "ConditionExpression": "attribute_not_exists(#sequence) OR #sequence < :sequence",
            "ExpressionAttributeNames": {"#sequence": self.settings.sequence_attribute},
            "ExpressionAttributeValues": {":sequence": sequence},
        }
        keys = self._renamed(record.sdk_item("Keys") or {})
        if record.event_name != "REMOVE":
            return "put_item", {**request, "Item": {**self._shown(record), **keys, self._sequence_name: sequence}}
        if not self.settings.keep_deleted:
            return "delete_item", {**request, "Key": keys}
        return "put_item", {**request, "Item": {**keys, **self._marker(), self._sequence_name: sequence}}

    @property
    def _sequence_name(self) -> str:
        return self.settings.sequence_attribute

    def _shown(self, record: ChangeRecord) -> dict[str, Any]:
        image = record.sdk_item("NewImage")
        if image is None:
            raise PermanentError(
                f"the record has no new image: the stream's view type is {record.stream_view_type}, and a copy needs "
                "NEW_IMAGE or NEW_AND_OLD_IMAGES"
            )
        wanted = self.settings.attributes
        return self._renamed(image if wanted is None else {name: image[name] for name in wanted if name in image})

    def _marker(self) -> dict[str, Any]:
        expires = int(time.time() + self.settings.keep_deleted)
        return {self.settings.deleted_attribute: {"BOOL": True}, self.settings.expires_attribute: {"N": str(expires)}}

    def _renamed(self, item: dict[str, Any]) -> dict[str, Any]:
        return {self.settings.rename.get(name, name): value for name, value in item.items()}


def _place(label: str, sequence_number: str) -> str:
    """Return a text that is larger for a newer change.

    A stream that replaces another may begin with lower sequence numbers; its label, a time, is always later.
    """
    return f"{label}#{sequence_number.zfill(_SEQUENCE_DIGITS)}"
