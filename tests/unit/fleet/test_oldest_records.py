"""The first record after a position: at most one read per shard and look, whatever the stream answers."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from record_processor.errors import SetupError
from record_processor.fleet.oldest_records import Oldest, OldestRecords, Position

OPEN = Position("arn", "s-1", "100")
CLOSED = Position("arn", "s-1", "100", is_closed=True)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetRecords")


TRIMMED = refused("TrimmedDataAccessException")


class Streams:
    """A service whose answers are given; what it was asked is kept."""

    def __init__(self, *pages: Any, iterators: tuple[Any, ...] = ()) -> None:
        self._pages = list(pages)
        self._iterators = list(iterators)
        self.positions: list[dict[str, Any]] = []
        self.reads: list[tuple[str, int]] = []

    def call(self, operation: str, **content: Any) -> Any:
        if operation == "GetShardIterator":
            self.positions.append(content)
            return self._next(self._iterators) if self._iterators else {"ShardIterator": f"i-{len(self.positions)}"}
        self.reads.append((content["ShardIterator"], content["Limit"]))
        return self._next(self._pages)

    @staticmethod
    def _next(answers: list[Any]) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def page(*seconds: int, following: str | None = "next") -> dict[str, Any]:
    records = [{"dynamodb": {"ApproximateCreationDateTime": one}} for one in seconds]
    return {"Records": records, **({"NextShardIterator": following} if following else {})}


def reader(streams: Streams) -> OldestRecords:
    return OldestRecords(streams)  # type: ignore[arg-type]


def found(streams: Streams, position: Position = OPEN) -> Oldest:
    return reader(streams).read([position])[position]


@pytest.mark.parametrize(
    ("position", "answer", "expected"),
    [
        (OPEN, page(50), Oldest(50.0)),
        (OPEN, page(), Oldest()),
        (CLOSED, page(following=None), Oldest()),
        (CLOSED, page(), Oldest(is_known=False)),  # others may be behind it
        (OPEN, refused("LimitExceededException"), Oldest(is_known=False)),
        (OPEN, refused("InternalServerError"), Oldest(is_known=False)),
        (OPEN, ResponseParserError("a page of a proxy"), Oldest(is_known=False)),
        (OPEN, EndpointConnectionError(endpoint_url="http://nowhere"), Oldest(is_known=False)),
        (OPEN, TRIMMED, Oldest(is_known=False, is_trimmed=True)),
        (OPEN, refused("ResourceNotFoundException"), Oldest()),
    ],
)
def test_one_read_says_what_is_known(position: Position, answer: Any, expected: Oldest) -> None:
    streams = Streams(answer)
    assert found(streams, position) == expected
    assert streams.reads == [("i-1", 1)]
    assert streams.positions[0]["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER"


def test_a_position_that_was_trimmed_is_read_from_the_oldest_record_that_is_left() -> None:
    streams = Streams(page(50), iterators=(TRIMMED, {"ShardIterator": "i"}))
    assert found(streams) == Oldest(50.0, is_trimmed=True)
    assert [call["ShardIteratorType"] for call in streams.positions] == ["AFTER_SEQUENCE_NUMBER", "TRIM_HORIZON"]
    assert len(streams.reads) == 1


def test_a_shard_that_began_at_latest_passes_over_what_is_older_than_that_moment() -> None:
    began = Position("arn", "s-1", created_from=60.0)
    streams = Streams(page(50, 59, 60, 70))
    assert found(streams, began) == Oldest(60.0)
    assert streams.reads == [("i-1", 1000)]


def test_the_next_look_goes_on_behind_an_empty_page() -> None:
    streams = Streams(page(following="behind"), page(50), page(50))
    oldest = reader(streams)
    assert [oldest.read([CLOSED])[CLOSED] for _ in range(3)] == [Oldest(is_known=False), Oldest(50.0), Oldest(50.0)]
    assert [iterator for iterator, _ in streams.reads] == ["i-1", "behind", "i-2"]


def test_who_may_not_read_is_told_so() -> None:
    with pytest.raises(SetupError, match="stream arn: AWS refused: AccessDeniedException"):
        found(Streams(refused("AccessDeniedException")))


def test_nothing_to_read_is_no_call() -> None:
    assert reader(Streams()).read([]) == {}
