"""One sink of every kind that a network leads to, with names of its own, behind one address or each behind its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from tests.harness import REGION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.harness import Database
    from tests.servers.started import Servers

KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret-key"}


class AllSinks:
    """One of each, where `actions` says they are."""

    def __init__(self, servers: Servers, database: Database) -> None:
        name = database.table()
        self.addresses = {
            "sqs": servers.get("elasticmq").address,
            "s3": servers.get("s3proxy").address,
            "lambda": servers.get("functions").address,
            "dynamodb": database.endpoint,
        }
        self._other = servers.get("ministack").address
        self.name = name
        url = self.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        topic = self.client("sns").create_topic(Name=name)["TopicArn"]
        self.client("kinesis").create_stream(StreamName=name, ShardCount=1)
        self.client("events").create_event_bus(Name=name)
        self.client("firehose").create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "BucketARN": "arn:aws:s3:::lake",
            },
        )
        bucket = name.lower()
        self.client("s3").create_bucket(Bucket=bucket)
        (servers.folder / f"{name}.py").write_text("def handle(event, context):\n    raise SystemExit('it ran')\n")
        webhook = servers.get("receiver")
        self.settings = {
            "sqs": {"queue_url": url},
            "sns": {"topic_arn": topic},
            "kinesis": {"stream": name},
            "eventbridge": {"bus": name},
            "firehose": {"stream": name},
            "s3": {"bucket": bucket},
            "lambda": {"function": name},
            "dynamodb": {"table": name},
            "webhook": {"url": f"https://127.0.0.1:{webhook.port}/", "ca_file": str(servers.tls.authority)},
        }

    def address(self, type_name: str) -> str:
        return self.addresses.get(type_name, self._other)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.address(service),
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local-secret-key",
            config=Config(request_checksum_calculation="when_required"),
        )

    def actions(self, **changed: Mapping[str, Any]) -> str:
        items = []
        for type_name, settings in self.settings.items():
            item = {"name": type_name, "type": type_name, **settings, **changed.get(type_name, {})}
            if type_name != "webhook":
                item["aws"] = {"endpoint": self.address(type_name), "region": REGION}
            items.append(item)
        where = {"aws": {"endpoint": self.address("s3"), "region": REGION}}
        letters = {"type": "s3", "bucket": self.settings["s3"]["bucket"], **where}
        items.append({"name": "letters", "type": "log", "dead_letter": letters})
        return json.dumps({"actions": items})
