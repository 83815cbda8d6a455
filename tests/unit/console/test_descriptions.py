"""However often the console looks, streams are described every few seconds only."""

from __future__ import annotations

from typing import Any

from record_processor.console.descriptions import Descriptions
from record_processor.fleet import lineage


class Streams:
    """A stream of two pages."""

    exceptions = type("", (), {"ResourceNotFoundException": KeyError})

    def __init__(self) -> None:
        self.calls: list[dict[str, str]] = []

    def describe_stream(self, **page: str) -> Any:
        if page["StreamArn"] == "gone":
            raise KeyError
        self.calls.append(page)
        last = {} if "ExclusiveStartShardId" in page else {"LastEvaluatedShardId": "shard-1"}
        return {"StreamDescription": {"Shards": [{"ShardId": f"shard-{len(page)}"}], **last}}


def test_two_looks_after_another_describe_each_page_once() -> None:
    streams = Streams()
    descriptions = Descriptions(streams, kept_seconds=3600)
    first, second = (lineage.describe(descriptions, "arn") for _ in range(2))
    assert [shard.shard_id for shard in first] == ["shard-1", "shard-2"]
    assert second == first
    assert len(streams.calls) == 2
    assert len(lineage.describe(descriptions, "other")) == 2
    assert len(streams.calls) == 4


def test_a_description_that_is_too_old_is_asked_for_again_and_forgotten() -> None:
    streams = Streams()
    descriptions = Descriptions(streams, kept_seconds=0)
    for _ in range(3):
        lineage.describe(descriptions, "arn")
    assert len(streams.calls) == 6


def test_a_stream_that_is_gone_is_gone() -> None:
    assert lineage.describe(Descriptions(Streams()), "gone") == []
