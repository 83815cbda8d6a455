from __future__ import annotations

import pytest

from record_processor.aws.settings import _region_of


@pytest.mark.parametrize(
    ("resource", "region"),
    [
        ("arn:aws:sns:eu-west-1:123456789012:orders", "eu-west-1"),
        ("arn:aws-cn:sqs:cn-north-1:123456789012:orders", "cn-north-1"),
        ("arn:aws:s3:::bucket", None),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "eu-west-1"),
        ("https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders.fifo", "us-gov-west-1"),
        ("https://sqs-fips.us-east-2.amazonaws.com/123456789012/orders", "us-east-2"),
        ("https://sqs.us-east-2.api.aws/123456789012/orders", "us-east-2"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders", "cn-north-1"),
        ("https://vpce-0a1-2b3.sqs.ap-southeast-2.vpce.amazonaws.com/123456789012/orders", "ap-southeast-2"),
        ("https://vpce-0a1-2b3-us-east-1a.sqs.us-east-1.vpce.amazonaws.com/1/orders", "us-east-1"),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/orders", "eu-west-1"),
        ("https://cn-northwest-1.queue.amazonaws.com.cn/123456789012/orders", "cn-northwest-1"),
        ("https://queue.amazonaws.com/123456789012/orders", "us-east-1"),
        ("http://localhost:9324/000000000000/orders", None),
        ("http://sqs.internal.example/000000000000/orders", None),
        ("http://sqs.eu-west-1.localhost.localstack.cloud:4566/0/orders", "eu-west-1"),
    ],
)
def test_every_form_of_an_arn_and_of_a_queues_address_gives_its_region(resource: str, region: str | None) -> None:
    assert _region_of(resource) == region
