from __future__ import annotations

import pytest

from record_processor.errors import InvalidConfigError
from record_processor.host.stream_arns import check_names

REGION = "eu-west-1"
HERE = f"arn:aws:dynamodb:{REGION}:123456789012:table/Orders/stream/2026-01-01T00:00:00.000"


def mistakes(*names: str) -> list[str]:
    with pytest.raises(InvalidConfigError) as found:
        check_names("file", names, REGION)
    return [mistake.message.removeprefix("streamName: ") for mistake in found.value.mistakes]


def test_names_and_arns_of_this_region_and_dynamodb_locals_are_taken() -> None:
    local = "arn:aws:dynamodb:ddblocal:000000000000:table/Local/stream/2026-01-01T00:00:00.000"
    check_names("file", [HERE, "Phones", local], REGION)


def test_no_name_at_all_is_refused() -> None:
    assert mistakes() == ["expected at least one table name or stream ARN"]


@pytest.mark.parametrize(
    "name", ["a b", "ab", "arn:aws:kinesis:eu-west-1:123456789012:stream/Orders", "arn:aws:dynamodb"]
)
def test_what_is_neither_a_name_nor_an_arn_is_refused(name: str) -> None:
    assert mistakes(name) == [f"expected table names or stream ARNs, found {name!r}"]


def test_a_tables_arn_is_refused_with_what_to_write() -> None:
    arn = HERE.partition("/stream/")[0]
    assert mistakes(arn) == [f"{arn} is the ARN of a table. Write its name, Orders, or the ARN of its stream"]


@pytest.mark.parametrize(
    ("partition", "region", "words"),
    [
        ("aws", "us-east-1", "is in us-east-1, and this worker works in eu-west-1. Set regionName = us-east-1"),
        ("aws-cn", "cn-north-1", "is in cn-north-1, and this worker works in eu-west-1"),
        ("aws-cn", "eu-west-1", "names the partition aws-cn, and eu-west-1 is in aws"),
        ("aws", "cn-north-1", "names the partition aws, and cn-north-1 is in aws-cn"),
        ("aws", "mars-north-1", "names the region 'mars-north-1', which is not a valid region"),
    ],
)
def test_a_stream_elsewhere_is_refused_with_where_it_is(partition: str, region: str, words: str) -> None:
    arn = HERE.replace("arn:aws:", f"arn:{partition}:").replace(REGION, region)
    (message,) = mistakes(arn)
    assert message.startswith(f"{arn} {words}")


def test_a_table_that_stands_twice_is_refused_in_whatever_form() -> None:
    assert mistakes("Orders", "Orders") == ["'Orders' is listed twice"]
    assert mistakes(HERE, HERE) == ["'Orders' is listed twice"]
    assert mistakes("Orders", "Phones", HERE) == [f"'Orders' is listed twice, as Orders and as {HERE}"]
