"""The sinks behind AWS's interfaces."""

from __future__ import annotations

import gzip
import json
from typing import Any, ClassVar

from tests.actions.sinks.base import Arrived, AwsSink, of_lambda
from tests.servers import dialects


class SqsSink(AwsSink):
    type_name = "sqs"
    dialect = dialects.Sqs
    keeps_order = False  # a standard queue guarantees no order
    oversized = (1_100_000, "more than sqs takes of one record, 1,048,576")

    queue_suffix = ""
    attributes: ClassVar[dict[str, str]] = {}

    def create(self) -> None:
        answer = self.client("sqs").create_queue(QueueName=self.name + self.queue_suffix, Attributes=self.attributes)
        self.queue_url = answer["QueueUrl"]

    def settings(self) -> dict[str, Any]:
        return {"type": "sqs", "queue_url": self.queue_url, "aws": self.aws}

    def read(self) -> list[Arrived]:
        return [of_lambda(text) for text in received(self.client("sqs"), self.queue_url)]


class SqsFifoSink(SqsSink):
    keeps_order = True
    queue_suffix = ".fifo"
    attributes: ClassVar[dict[str, str]] = {"FifoQueue": "true"}


class SnsSink(AwsSink):
    """A topic with a queue behind it, which is how one reads a topic."""

    type_name = "sns"
    dialect = dialects.Sns
    refusal = "InvalidClientTokenId"
    oversized = (300_000, "more than sns takes of one record, 262,144")

    def create(self) -> None:
        sns, sqs = self.client("sns"), self.client("sqs")
        fifo = {"FifoTopic": "true"}
        self.topic_arn = sns.create_topic(Name=f"{self.name}.fifo", Attributes=fifo)["TopicArn"]
        self._queue = sqs.create_queue(QueueName=f"{self.name}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def settings(self) -> dict[str, Any]:
        return {"type": "sns", "topic_arn": self.topic_arn, "aws": self.aws}

    def read(self) -> list[Arrived]:
        return [of_lambda(text) for text in received(self.client("sqs"), self._queue)]


class EventBridgeSink(AwsSink):
    """A bus with a rule that puts every event into a queue."""

    type_name = "eventbridge"
    dialect = lambda: dialects.Json("Entries", "Entries", "FailedEntryCount")  # noqa: E731
    keeps_order = False  # the service promises none
    oversized = (300_000, "more than eventbridge takes of one record, 262,144")

    def create(self) -> None:
        events, sqs = self.client("events"), self.client("sqs")
        events.create_event_bus(Name=self.name)
        self._queue = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": ["dynamodb"]})
        events.put_rule(Name="all", EventBusName=self.name, EventPattern=pattern)
        events.put_targets(Rule="all", EventBusName=self.name, Targets=[{"Id": "queue", "Arn": arn}])

    def settings(self) -> dict[str, Any]:
        return {"type": "eventbridge", "bus": self.name, "aws": self.aws}

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in received(self.client("sqs"), self._queue)]

    def read(self) -> list[Arrived]:
        return [of_lambda(event["detail"]) for event in self.events()]


class KinesisSink(AwsSink):
    type_name = "kinesis"
    dialect = lambda: dialects.Json("Records", "Records", "FailedRecordCount")  # noqa: E731
    oversized = (1_100_000, "more than kinesis takes of one record, 1,048,576")

    def create(self) -> None:
        kinesis = self.client("kinesis")
        kinesis.create_stream(StreamName=self.name, ShardCount=2)
        kinesis.get_waiter("stream_exists").wait(StreamName=self.name, WaiterConfig={"Delay": 1})
        self._read = 0

    def settings(self) -> dict[str, Any]:
        return {"type": "kinesis", "stream": self.name, "aws": self.aws}

    def records(self) -> list[dict[str, Any]]:
        """Shard after shard; an item is in one of them."""
        kinesis = self.client("kinesis")
        found: list[dict[str, Any]] = []
        for shard in kinesis.describe_stream(StreamName=self.name)["StreamDescription"]["Shards"]:
            where = {"StreamName": self.name, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            iterator = kinesis.get_shard_iterator(**where)["ShardIterator"]
            while page := (answer := kinesis.get_records(ShardIterator=iterator))["Records"]:
                found += [{**record, "ShardId": shard["ShardId"]} for record in page]
                iterator = answer["NextShardIterator"]
        return found

    def read(self) -> list[Arrived]:
        found = self.records()
        fresh, self._read = found[self._read :], len(found)
        return [of_lambda(record["Data"]) for record in fresh]


class FirehoseSink(AwsSink):
    """A Firehose stream into a bucket."""

    type_name = "firehose"
    dialect = lambda: dialects.Json("Records", "RequestResponses", "FailedPutCount")  # noqa: E731
    keeps_order = False  # each record is an object, and names within one second have random parts
    oversized = (1_100_000, "more than firehose takes of one record, 1,024,000")

    def create(self) -> None:
        self.client("s3").create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        where = {"RoleARN": "arn:aws:iam::123456789012:role/firehose", "BucketARN": f"arn:aws:s3:::{self.name}"}
        self.client("firehose").create_delivery_stream(
            DeliveryStreamName=self.name, ExtendedS3DestinationConfiguration=where
        )
        self._read: set[str] = set()

    def settings(self) -> dict[str, Any]:
        return {"type": "firehose", "stream": self.name, "aws": self.aws}

    def texts(self) -> list[str]:
        s3 = self.client("s3")
        keys = {found["Key"] for found in objects(s3, self.name)} - self._read
        self._read |= keys
        return [s3.get_object(Bucket=self.name, Key=key)["Body"].read().decode() for key in sorted(keys)]

    def read(self) -> list[Arrived]:
        return [of_lambda(line) for text in self.texts() for line in text.splitlines()]


class S3Sink(AwsSink):
    type_name = "s3"
    dialect = dialects.S3
    refusal = "InvalidAccessKeyId"

    def create(self) -> None:
        self.client("s3").create_bucket(Bucket=self.name)
        self._read: set[str] = set()

    def settings(self) -> dict[str, Any]:
        return {"type": "s3", "bucket": self.name, "batch": {"size": 40, "window": "200ms"}, "aws": self.aws}

    def read(self) -> list[Arrived]:
        s3 = self.client("s3")
        keys = {found["Key"] for found in objects(s3, self.name)} - self._read
        self._read |= keys
        bodies = [gzip.decompress(s3.get_object(Bucket=self.name, Key=key)["Body"].read()) for key in sorted(keys)]
        return [of_lambda(line) for body in bodies for line in body.splitlines()]

    def start(self) -> None:
        self.server.start()  # its folder is still there
        self.faults.open()


class DynamoDBSink(AwsSink):
    """A copy of the table."""

    type_name = "dynamodb"
    dialect = lambda: dialects.Json(throttled="ProvisionedThroughputExceededException")  # noqa: E731
    keeps_last_only = True
    oversized = (420_000, "409,600")

    def create(self) -> None:
        self.client("dynamodb").create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )

    def settings(self) -> dict[str, Any]:
        return {"type": "dynamodb", "table": self.name, "aws": self.aws}

    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client("dynamodb").scan(TableName=self.name)["Items"]
        return items

    def read(self) -> list[Arrived]:
        return [Arrived(item["id"]["S"], int(item["n"]["N"])) for item in self.items()]


def received(sqs: Any, queue_url: str) -> list[str]:
    """The bodies of all messages there are, taken out."""
    bodies: list[str] = []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
        entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=queue_url, Entries=entries)
    return bodies


def objects(s3: Any, bucket: str) -> list[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    # The server lists its folders too, as S3's own console makes them.
    return [found for page in pages for found in page.get("Contents", []) if not found["Key"].endswith("/")]
