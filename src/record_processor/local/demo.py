"""The main job once, before your eyes: `scripts/demo`."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from typing import TYPE_CHECKING

import boto3

from record_processor.aws.clients import LOCAL_CREDENTIALS
from record_processor.errors import SetupError
from record_processor.local.demo_screen import DemoScreen
from record_processor.local.demo_worker import DemoWorker
from record_processor.local.ministack import LOOPBACK, started
from record_processor.logs.terminal import say

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBServiceResource
    from mypy_boto3_dynamodb.service_resource import Table

_TABLE = "Phones"
_REGION = "us-west-2"
_USUAL_PORT = 8000
_PHONES = {"Cool Phone": "Motorola", "Lame Phone": "Motorola", "Awesome Phone": "Goole", "Confusing Phone": "Google"}
_CHANGES = 6

_NEXT_STEPS = """\
. .venv/bin/activate
record-processor init my-worker     # a configuration, a handler, a test
record-processor local              # a database, in a terminal of its own
record-processor --help             # check, run, try, peek, replay ...\
"""


class Demo:
    """Writes six changes, and compares them with what the action received."""

    def __init__(self, screen: DemoScreen, endpoint: str) -> None:
        access_key, secret_key = LOCAL_CREDENTIALS
        session = boto3.Session(access_key, secret_key, region_name=_REGION)
        self._database: DynamoDBServiceResource = session.resource("dynamodb", endpoint_url=endpoint)
        self._screen = screen
        self._worker = DemoWorker(screen, endpoint)
        self._written: dict[tuple[str, str], float] = {}
        """Event name and model, with the monotonic time of the write."""

    def run(self) -> int:
        with self._screen.step("creating the table Phones, with a stream of its keys"):
            table = self._create_table()
        with self._worker.running():
            with self._screen.step("starting a worker with properties/local.properties"):
                self._worker.wait_until_reading()
            with self._screen.step("writing four phones, changing one, and removing one"):
                self._write(table)
                self._worker.wait_for(_CHANGES)
            with self._screen.step("stopping the worker gracefully"):
                self._worker.stop()
        return self._summary()

    def _create_table(self) -> Table:
        table = self._database.create_table(
            TableName=_TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "Company", "KeyType": "HASH"}, {"AttributeName": "Model", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "Company", "AttributeType": "S"},
                {"AttributeName": "Model", "AttributeType": "S"},
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )
        table.wait_until_exists()
        return table

    def _write(self, table: Table) -> None:
        for model, company in _PHONES.items():
            self._note("INSERT", model)
            table.put_item(Item={"Company": company, "Model": model, "Size": 12})
        self._note("MODIFY", "Cool Phone")
        table.put_item(Item={"Company": "Motorola", "Model": "Cool Phone", "Size": 13})
        self._note("REMOVE", "Lame Phone")
        table.delete_item(Key={"Company": "Motorola", "Model": "Lame Phone"})

    def _note(self, name: str, model: str) -> None:
        """Show a write that is about to begin: its line then stands above the action's line for it."""
        self._screen.line(f"write   {name}  Company={_PHONES[model]} Model={model}")
        self._written[name, model] = time.monotonic()

    def _summary(self) -> int:
        received = self._worker.received
        self._screen.title(f"{len(received)} of {_CHANGES} changes reached the action")
        for change, written in self._written.items():
            seconds = received.get(change)
            waited = "not received" if seconds is None else f"{seconds - written:.2f} s after the write"
            self._screen.line(f"{change[0]}  Company={_PHONES[change[1]]} Model={change[1]}: {waited}")
        if self._worker.status or len(received) < _CHANGES:
            self._screen.title(f"The worker ended with status {self._worker.status}. Its log:")
            self._screen.lines(self._worker.log())
            return 1
        self._screen.title("What to do next")
        self._screen.lines(_NEXT_STEPS)
        return 0


def _port() -> int:
    """Return the usual port of a local DynamoDB, or a free one if that is taken."""
    for port in (_USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise SystemExit("demo: no free port")


def _demo(screen: DemoScreen) -> int:
    port = _port()
    with contextlib.ExitStack() as running:
        with screen.step(f"starting a local DynamoDB on {LOOPBACK}:{port}"):
            running.enter_context(started(port))
        return Demo(screen, f"http://{LOOPBACK}:{port}").run()


def main() -> None:
    try:
        sys.exit(_demo(DemoScreen()))
    except SetupError as error:
        say(f"demo: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
