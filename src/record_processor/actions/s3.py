"""`s3`: each batch becomes an object of JSON lines.

An object's key says which records are in it, so that the same batch, written again after a crash or an error, replaces
itself and nothing else.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from record_processor.actions._aws_batched_action import AwsFormattedSettings
from record_processor.aws import call_errors
from record_processor.aws.rehearsal import rehearse
from record_processor.aws.settings import client, content_md5
from record_processor.errors import InvalidSettingError
from record_processor.plugin.action import Action, Destination
from record_processor.plugin.record_format import RecordFormat
from record_processor.records.stream import Shard
from record_processor.text.safe_text import path_segment, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AwsProbe
    from record_processor.records.change_record import ChangeRecord

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_LONGEST_KEY_BYTES = 1024
_PLACES = ("action", "date", "day", "first", "hour", "last", "month", "shard", "table", "year")


class _AnyText(str):
    """Takes the place of a value that is not known yet, whatever format is asked for."""

    __slots__ = ()

    def __format__(self, _specification: str) -> str:
        return _ANY_TEXT


_ANY_TEXT = "\0"  # no key contains it

_LONGEST_PLACES = {
    **dict.fromkeys(_PLACES, "9999"),
    "action": "a" * 64,
    "date": "9999-12-31",
    "first": "9" * 40,
    "last": "9" * 40,
    "shard": "s" * 65,
    "table": "t" * 255,
}
"""The longest value that may take this place in a key."""


class S3Settings(AwsFormattedSettings, kw_only=True, frozen=True):
    """Writes each batch as one object of JSON lines, gzipped, under a key that its records determine."""

    bucket: Annotated[
        str,
        Meta(
            description="The bucket: a name, or the ARN of an access point.",
            pattern=r"^([A-Za-z0-9._-]{3,255}|arn:.+)$(?!\n)",
            extra={"expected": "a bucket's name, of 3 letters or more, or an access point's ARN"},
        ),
    ]
    key: Annotated[
        str,
        Meta(
            description="The object key. Placeholders: {table}, {shard}, {action}; {date}, {year}, {month}, {day}, "
            "{hour} of the batch's first change (UTC); {first} and {last} for the sequence numbers. .gz "
            "is appended if gzip is on."
        ),
    ] = "{table}/{action}/{date}/{shard}/{first}-{last}.jsonl"
    gzip: Annotated[bool, Meta(description="Compress objects with gzip.")] = True


class S3Action(Action[S3Settings]):
    settings_type = S3Settings
    default_batch_size = 1000
    default_window_seconds = 10.0
    example = """\
- name: history
  type: s3
  bucket: shop-history
  key: "orders/{date}/{shard}/{first}-{last}.jsonl"
  batch: {size: 5000, window: 1m}
"""

    def __init__(self, settings: S3Settings) -> None:
        super().__init__(settings)
        _check(settings.key)
        self._shape = RecordFormat(settings)

    @property
    def destination(self) -> Destination:
        key = self.settings.key.replace("{action}", self.settings.name) + (".gz" if self.settings.gzip else "")
        harm = "their objects would overwrite each other; put {action} in the key, or use another bucket"
        return Destination("key", ("s3", self.settings.aws.endpoint, self.settings.bucket, key), harm)

    def warm_up(self, stream_region: str) -> None:
        s3 = client("s3", self.settings.aws, stream_region)
        rehearse(s3, "PutObject", {"Bucket": "bucket", "Key": "key", "Body": b"{}", "ContentMD5": content_md5(b"{}")})

    def open(self, shard: Shard) -> None:
        self._shard = shard

    @property
    def permissions(self) -> Sequence[Permission]:
        from record_processor.aws import permissions  # no shard process asks

        values = {**dict.fromkeys(_PLACES, _AnyText()), "action": self.settings.name}
        key = self.settings.key.format(**values) + (".gz" if self.settings.gzip else "")
        pattern = permissions.literal(key).replace(_ANY_TEXT, permissions.ANY)
        resources = (permissions.objects(self.settings.bucket, pattern),)
        return [permissions.Permission(("s3:PutObject",), resources, self.settings.aws)]

    @property
    def probes(self) -> Sequence[AwsProbe]:
        from record_processor.aws import probes

        return [probes.bucket(self.settings.bucket, self.settings.aws)]

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        content = b"".join(self._shape.encoded(record) + b"\n" for record in records)
        key, kind = self._key(records), "application/x-ndjson"
        if self.settings.gzip:
            # Without a time in it, the same batch gives the same bytes.
            content, key, kind = gzip.compress(content, mtime=0), key + ".gz", "application/gzip"
        try:
            client("s3", self.settings.aws, self._shard.stream.region).put_object(
                Bucket=self.settings.bucket, Key=key, Body=content, ContentType=kind, ContentMD5=content_md5(content)
            )
        except (BotoCoreError, ClientError) as error:
            raise call_errors.of_call("s3", "PutObject", error) from None

    def _key(self, records: Sequence[ChangeRecord]) -> str:
        first = records[0]
        day = first.created_at
        return self.settings.key.format(
            action=self.settings.name,
            table=path_segment(first.table),
            shard=path_segment(self._shard.shard_id),
            date=f"{day:%Y-%m-%d}",
            year=f"{day:%Y}",
            month=f"{day:%m}",
            day=f"{day:%d}",
            hour=f"{day:%H}",
            first=path_segment(first.sequence_number),
            last=path_segment(records[-1].sequence_number),
        )


def _check(key: str) -> None:
    try:
        plain = key.format(**dict.fromkeys(_PLACES, ""))
    except (KeyError, IndexError, ValueError, AttributeError):
        places = ", ".join(f"{{{place}}}" for place in _PLACES)
        raise InvalidSettingError("key", f"expected placeholders of {places} only, found {key!r}") from None
    varied = {place: key.format(**{**dict.fromkeys(_PLACES, ""), place: "x"}) != plain for place in _PLACES}
    # Otherwise one object would replace another, and its content would be lost.
    if not (varied["first"] and varied["last"] and (varied["table"] or varied["shard"])):
        raise InvalidSettingError("key", f"needs {{first}}, {{last}}, and {{table}} or {{shard}}; found {key!r}")
    longest = key.format(**_LONGEST_PLACES)
    if {"", ".", ".."} & set(longest.split("/")) or printable(longest) != longest:
        raise InvalidSettingError("key", f"expected no empty part, no . or .. and no control character; found {key!r}")
    if len(longest.encode()) > _LONGEST_KEY_BYTES - len(".gz"):
        raise InvalidSettingError("key", f"may become longer than S3's {_LONGEST_KEY_BYTES:,} bytes; found {key!r}")
