"""The example of every action on the docs site, unchanged, moves 300 changes of a table to its sink."""

from __future__ import annotations

import gzip
import json
import re
import textwrap
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import yaml
from botocore.config import Config

from docs_site import action_pages
from record_processor.catalog import registry
from tests.actions.sinks.aws import objects, received
from tests.harness import Worker, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.harness import Database
    from tests.servers.started import Servers

ITEMS, TIMES = 50, 6
ALL = {f"order-{item:02}": list(range(1, TIMES + 1)) for item in range(ITEMS)}

_INDEX = """
import sys
for line in sys.stdin:
    with open("indexed.jsonl", "a") as file:
        file.write(line)
    print("ok", flush=True)
"""
_KEEP = """
import json
def handle(event, context):
    with open({path!r}, "a") as file:
        file.write("".join(json.dumps(record) + "\\n" for record in event["Records"]))
"""


def examples_of_the_site() -> dict[str, str]:
    """By type: the first YAML block of the page of each action."""
    pages = action_pages.pages().values()
    blocks = [re.findall(r"```yaml\n(actions:\n.*?)```", page, re.DOTALL)[0] for page in pages]
    return {yaml.safe_load(block)["actions"][0]["type"]: block for block in blocks}


def test_the_site_has_an_example_of_at_most_eight_lines_for_every_action() -> None:
    examples = examples_of_the_site()
    assert sorted(examples) == registry.built_in()
    for name, block in examples.items():
        assert len(block.splitlines()) <= 8, name
        assert textwrap.dedent(block.removeprefix("actions:\n")) == registry.find(name).example, name


class Shop:
    """The sinks that the examples name, created where the environment says they are."""

    def __init__(self, servers: Servers, database: Database, folder: Path) -> None:
        self.servers, self.folder = servers, folder
        self._ministack = servers.get("ministack").address
        self._lake: dict[str, bytes] = {}
        self._ports = {
            "sqs": servers.get("elasticmq").address,
            "s3": servers.get("s3proxy").address,
            "lambda": servers.get("functions").address,
            "dynamodb": database.endpoint,
        }
        self._make_queues()
        self.client("kinesis").create_stream(StreamName="orders", ShardCount=2)
        self.client("s3").create_bucket(Bucket="shop-history")
        self.client("dynamodb", "us-east-1").create_table(
            TableName="OrdersByStatus",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        (folder / "index_orders.py").write_text(_INDEX)
        (folder / "shop").mkdir()
        (folder / "shop" / "orders.py").write_text(_KEEP.format(path=str(folder / "handled.jsonl")))
        (servers.folder / "make-invoice.py").write_text(_KEEP.format(path=str(folder / "invoiced.jsonl")))

    def client(self, service: str, region: str = "us-west-2") -> Any:
        return _client(service, self._ports.get(service, self._ministack), region)

    def reader(self, service: str, region: str = "us-west-2") -> Any:
        """Of the service beside SNS, EventBridge and Firehose, where what they were given comes out."""
        return _client(service, self._ministack, region)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{f"AWS_ENDPOINT_URL_{service.upper()}": address for service, address in self._ports.items()},
            **{f"AWS_ENDPOINT_URL_{one}": self._ministack for one in ("SNS", "EVENTBRIDGE", "KINESIS", "FIREHOSE")},
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local-secret-key",
            "PARTNER_URL": self.servers.get("receiver").address.replace("http:", "https:") + "/hooks/orders",
            "PARTNER_SECRET": "a-secret-of-the-partner",
            "PARTNER_TOKEN": "a-token-of-the-partner",
            "SSL_CERT_FILE": str(self.servers.tls.authority),
        }

    def waiting(self, service: str) -> int:
        """How many messages are behind a topic or a bus."""
        name = "ApproximateNumberOfMessages"
        found = self._sqs(service).get_queue_attributes(QueueUrl=self._queue(service), AttributeNames=[name])
        return int(found["Attributes"][name])

    def taken_out(self, service: str) -> list[str]:
        return received(self._sqs(service), self._queue(service))

    def lake(self) -> list[bytes]:
        """What Firehose has written; each object is read once."""
        s3 = self.reader("s3")
        for key in {found["Key"] for found in objects(s3, "lake")} - self._lake.keys():
            self._lake[key] = s3.get_object(Bucket="lake", Key=key)["Body"].read()
        return list(self._lake.values())

    def _queue(self, service: str) -> str:
        url: str = self._sqs(service).get_queue_url(QueueName=f"{service}-reader")["QueueUrl"]
        return url

    def _sqs(self, service: str) -> Any:
        return self.reader("sqs", "eu-west-1" if service == "sns" else "us-west-2")

    def _make_queues(self) -> None:
        self.client("sqs").create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})
        sns, events, firehose = self.client("sns", "eu-west-1"), self.client("events"), self.client("firehose")
        arns = {}
        for service in ("sns", "events"):
            sqs = self._sqs(service)
            url = sqs.create_queue(QueueName=f"{service}-reader")["QueueUrl"]
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            arns[service] = found["Attributes"]["QueueArn"]
        topic = sns.create_topic(Name="orders")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns["sns"])
        events.create_event_bus(Name="shop")
        events.put_rule(Name="all", EventBusName="shop", EventPattern='{"source": ["shop.orders"]}')
        events.put_targets(Rule="all", EventBusName="shop", Targets=[{"Id": "queue", "Arn": arns["events"]}])
        where = {"LocationConstraint": "us-west-2"}
        self.reader("s3").create_bucket(Bucket="lake", CreateBucketConfiguration=where)
        firehose.create_delivery_stream(
            DeliveryStreamName="orders-to-lake",
            ExtendedS3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "BucketARN": "arn:aws:s3:::lake",
            },
        )


def _client(service: str, address: str, region: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=address,
        region_name=region,
        aws_access_key_id="local",
        aws_secret_access_key="local-secret-key",
        config=Config(request_checksum_calculation="when_required"),
    )


@pytest.fixture(scope="module")
def shop(database: Database, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One worker with all the examples of the site, after 300 changes and a graceful stop."""
    folder = tmp_path_factory.mktemp("shop")
    made = Shop(servers, database, folder)
    table = database.table()
    for number in range(1, TIMES + 1):
        for item in ALL:
            attributes = {"n": {"N": str(number)}, "Total": {"N": f"{number}.50"}, "Status": {"S": "new"}}
            database.put(table, item, **attributes)
    (folder / "table").write_text(table)
    actions = "actions:\n" + "".join(block.removeprefix("actions:\n") for block in examples_of_the_site().values())
    actions = re.sub(r"name: (\S+)\n    type: (\S+)", r"name: \1-\2\n    type: \2", actions)  # in one file they differ
    with pytest.MonkeyPatch.context() as patched:
        for name, value in made.environment.items():
            patched.setenv(name, value)
        properties = {"checkpointIntervalMillis": "1000", "jvmOptions": "-Xmx256m"}
        worker = Worker(folder, database, f"catalogue-{table}", (table,), actions, properties)
        try:
            wait_for(lambda: _done_but_for_s3(made), "every other sink has everything")
            assert worker.stop() == 0
            assert not worker.of("delivery.blocked")
            said = "".join(worker.raw)
            assert "a-secret-of-the-partner" not in said
            assert "a-token-of-the-partner" not in said
            yield made
        finally:
            worker.end()


def _done_but_for_s3(shop: Shop) -> bool:
    """Everywhere else; the window of the `s3` example is longer than this test, so the stop ends it."""
    counts: list[Callable[[], int]] = [
        lambda: len(lines(shop.folder / "indexed.jsonl")),
        lambda: len(lines(shop.folder / "handled.jsonl")),
        lambda: len(lines(shop.folder / "invoiced.jsonl")),
        lambda: len(posted(shop)),
        lambda: shop.waiting("sns"),
        lambda: shop.waiting("events"),
        lambda: len(kinesis(shop)),
        lambda: len(firehose(shop)),
    ]
    return all(count() >= ITEMS * TIMES for count in counts)


def posted(shop: Shop) -> list[Any]:
    return [line for line in lines(shop.servers.folder / "received.jsonl") if line["path"] == "/hooks/orders"]


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def sqs(shop: Shop) -> list[Any]:
    queue = shop.client("sqs").get_queue_url(QueueName="orders.fifo")["QueueUrl"]
    return [json.loads(text) for text in received(shop.client("sqs"), queue)]


def sns(shop: Shop) -> list[Any]:
    notices = [json.loads(text) for text in shop.taken_out("sns")]
    assert {notice["Subject"] for notice in notices} >= {"INSERT of order order-00", "MODIFY of order order-49"}
    assert {notice["MessageAttributes"]["status"]["Value"] for notice in notices} == {"new"}
    return [json.loads(notice["Message"]) for notice in notices]


def eventbridge(shop: Shop) -> list[Any]:
    events = [json.loads(text) for text in shop.taken_out("events")]
    assert {event["detail-type"] for event in events} == {"Order INSERT", "Order MODIFY"}
    return [event["detail"] for event in events]


def kinesis(shop: Shop) -> list[Any]:
    client = shop.client("kinesis")
    found: list[Any] = []
    for shard in client.describe_stream(StreamName="orders")["StreamDescription"]["Shards"]:
        iterator = client.get_shard_iterator(
            StreamName="orders", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while page := (answer := client.get_records(ShardIterator=iterator))["Records"]:
            found += [json.loads(record["Data"]) for record in page]
            iterator = answer["NextShardIterator"]
    return found


def firehose(shop: Shop) -> list[Any]:
    return [json.loads(line) for body in shop.lake() for line in body.splitlines()]


def s3(shop: Shop) -> list[Any]:
    client = shop.client("s3")
    keys = sorted(found["Key"] for found in objects(client, "shop-history"))
    assert all(re.fullmatch(r"orders/\d{4}-\d\d-\d\d/shardId-[\w-]+/\d+-\d+\.jsonl\.gz", key) for key in keys), keys
    bodies = [gzip.decompress(client.get_object(Bucket="shop-history", Key=key)["Body"].read()) for key in keys]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def webhook(shop: Shop) -> list[Any]:
    requests = posted(shop)
    assert {request["headers"]["authorization"] for request in requests} == {"Bearer a-token-of-the-partner"}
    assert all(request["headers"]["webhook-signature"].startswith("v1,") for request in requests)
    return [json.loads(request["body"]) for request in requests]


def file(shop: Shop) -> list[Any]:
    return lines(shop.folder / "changes" / f"{(shop.folder / 'table').read_text()}.jsonl")


IN_ORDER: dict[str, Callable[[Shop], list[Any]]] = {
    "sqs": sqs,
    "kinesis": kinesis,
    "s3": s3,
    "lambda": lambda shop: lines(shop.folder / "invoiced.jsonl"),
    "webhook": webhook,
    "command": lambda shop: lines(shop.folder / "indexed.jsonl"),
    "python": lambda shop: lines(shop.folder / "handled.jsonl"),
    "file": file,
}
IN_ANY_ORDER: dict[str, Callable[[Shop], list[Any]]] = {"sns": sns, "eventbridge": eventbridge, "firehose": firehose}


def by_item(records: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for record in records:
        if "dynamodb" in record:
            change = record["dynamodb"]
            found[change["Keys"]["id"]["S"]].append(int(change["NewImage"]["n"]["N"]))
        else:
            found[record["keys"]["id"]].append(record["new"]["n"])
    return dict(found)


@pytest.mark.parametrize("type_name", IN_ORDER)
def test_300_changes_arrive_once_each_and_in_order_per_item(shop: Shop, type_name: str) -> None:
    assert by_item(IN_ORDER[type_name](shop)) == ALL


@pytest.mark.parametrize("type_name", IN_ANY_ORDER)
def test_300_changes_arrive_once_each_where_the_service_promises_no_order(shop: Shop, type_name: str) -> None:
    found = by_item(IN_ANY_ORDER[type_name](shop))
    assert {item: sorted(numbers) for item, numbers in found.items()} == ALL


def test_the_view_shows_the_last_change_of_every_item(shop: Shop) -> None:
    items = shop.client("dynamodb", "us-east-1").scan(TableName="OrdersByStatus")["Items"]
    shown = {item["id"]["S"]: (item["Status"]["S"], item["amount"]["N"]) for item in items}
    assert shown == dict.fromkeys(ALL, ("new", f"{TIMES}.5"))
    assert all("n" not in item for item in items)
