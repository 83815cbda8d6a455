"""The types of a handler's two arguments and of its answer, for type checkers.

```python
from record_processor import Context, Event

def handle(event: Event, context: Context) -> None: ...
```

`Event` is what a `python` action passes unless its settings say otherwise; with `format: plain` it is `PlainEvent`.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypedDict

__all__ = [
    "AttributeValue",
    "BatchItemFailure",
    "BatchResponse",
    "Change",
    "Context",
    "Event",
    "Identity",
    "PlainEvent",
    "PlainRecord",
    "Record",
]

EventName = Literal["INSERT", "MODIFY", "REMOVE"]


class AttributeValue(TypedDict, total=False):
    """A typed value as DynamoDB writes it. Exactly one key is present, such as `{"S": "text"}` or `{"N": "12.5"}`."""

    S: str
    N: str
    """A number as text, with every digit that DynamoDB keeps (up to 38)."""
    B: str
    """Base64."""
    BOOL: bool
    NULL: bool
    L: list[AttributeValue]
    M: dict[str, AttributeValue]
    SS: list[str]
    NS: list[str]
    BS: list[str]


class _ChangeAlways(TypedDict):
    ApproximateCreationDateTime: int
    """Seconds since the epoch."""
    Keys: dict[str, AttributeValue]
    SequenceNumber: str
    SizeBytes: int
    StreamViewType: Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]


class Change(_ChangeAlways, total=False):
    """What changed. The stream's view type decides which images are present."""

    NewImage: dict[str, AttributeValue]
    """The item after the change. A REMOVE has none."""
    OldImage: dict[str, AttributeValue]
    """The item before the change. An INSERT has none."""


class _RecordAlways(TypedDict):
    eventID: str
    eventName: EventName
    eventVersion: str
    eventSource: str
    eventSourceARN: str
    """The ARN of the stream."""
    awsRegion: str
    dynamodb: Change


class Record(_RecordAlways, total=False):
    """One change of one item, as in Lambda's event for DynamoDB."""

    userIdentity: dict[str, str]
    """Present if DynamoDB deleted the item itself, for example because of TTL."""


class Event(TypedDict):
    """The first argument of a handler: a batch of changes, in the order in which they were made."""

    Records: list[Record]


class _PlainRecordAlways(TypedDict):
    eventID: str
    eventName: EventName
    table: str
    sequenceNumber: str
    createdAt: str
    """ISO 8601, in UTC, with milliseconds."""
    keys: dict[str, Any]


class PlainRecord(_PlainRecordAlways, total=False):
    """One change with `format: plain`: numbers are `Decimal`, binary values are base64 text, sets are lists."""

    new: dict[str, Any]
    """The item after the change, if the stream has new images and it is not a REMOVE."""
    old: dict[str, Any]
    """The item before the change, if the stream has old images and it is not an INSERT."""
    userIdentity: dict[str, str]


class PlainEvent(TypedDict):
    """The first argument of a handler with `format: plain`."""

    Records: list[PlainRecord]


class BatchItemFailure(TypedDict):
    itemIdentifier: str
    """The sequence number of a record that failed."""


class BatchResponse(TypedDict):
    """What a handler may return: the first record named here and all after it are retried. An empty list: none."""

    batchItemFailures: list[BatchItemFailure]


class Identity(Protocol):
    """Who called. Both are always None: a worker calls for nobody."""

    @property
    def cognito_identity_id(self) -> str | None: ...

    @property
    def cognito_identity_pool_id(self) -> str | None: ...


class Context(Protocol):
    """The second argument of a handler: what Lambda's context has, and the shard. Any object like it does in a test."""

    @property
    def function_name(self) -> str:
        """The action's name."""

    @property
    def function_version(self) -> str:
        """Always `$LATEST`."""

    @property
    def invoked_function_arn(self) -> str:
        """The ARN of the stream."""

    @property
    def memory_limit_in_mb(self) -> int:
        """Always 0: no limit applies to a handler alone."""

    @property
    def aws_request_id(self) -> str:
        """A new UUID for every call."""

    @property
    def log_group_name(self) -> str:
        """`/record-processor/TABLE`."""

    @property
    def log_stream_name(self) -> str:
        """The shard's ID."""

    @property
    def identity(self) -> Identity: ...

    @property
    def client_context(self) -> None: ...

    @property
    def shard_id(self) -> str:
        """The shard's ID. Lambda's context does not have it."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how many milliseconds are left of the action's `timeout`, never less than 0."""

    def log(self, message: object) -> None:
        """Write a line to the log, as `print` does."""
