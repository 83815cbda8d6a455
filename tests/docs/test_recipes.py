"""docs/how-to/recipes.md: every recipe is checked and run as it is written, in the real process of a shard."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from record_processor.catalog.check_report import CheckReport
from tests.shard_process import ShardProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCUMENT = Path(__file__).parents[2] / "docs/how-to/recipes.md"
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL))
BLOCK = re.compile(r"^```\w+\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEW_IMAGE = {"Company": {"S": "Motorola"}}
TABLE = "CREATE TABLE {} (id TEXT PRIMARY KEY, company TEXT NOT NULL)"


@pytest.fixture
def cook(tmp_path: Path) -> Iterator[Callable[..., ShardProcess]]:
    """Write a recipe's files, check them, and begin a shard with them."""
    running: list[ShardProcess] = []

    def begin(title: str, **env: str) -> ShardProcess:
        for name, text in BLOCK.findall(SECTIONS[title]):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        report = checked(tmp_path, env)
        running.append(ShardProcess(tmp_path, report.actions, env=env, secrets=report.secrets))
        return running[-1].initialize()

    yield begin
    for process in running:
        process.kill()


def checked(folder: Path, env: dict[str, str]) -> CheckReport:
    command = [sys.executable, "-m", "record_processor.catalog", "actions.yaml"]
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, **env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        report = msgspec.json.decode(process.stdout.read(), type=CheckReport)
    assert report.mistakes == []
    return report


def give(shard: ShardProcess, number: int, **overrides: Any) -> None:
    shard.records(number, **{"NewImage": NEW_IMAGE, **overrides})
    shard.wait_for_checkpoint(number)


def finish(shard: ShardProcess) -> None:
    shard.say({"action": "leaseLost"})
    assert shard.close() == 0
    assert [event for event in shard.events if event["level"] in ("warning", "error")] == []


def rows(folder: Path, table: str) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(folder / "orders.db")) as database:
        return database.execute(f"SELECT id, company FROM {table} ORDER BY id").fetchall()  # noqa: S608


@pytest.mark.parametrize(
    ("title", "table"), [("A SQLAlchemy connection pool", "orders"), ("Django models", "shop_order")]
)
def test_a_table_of_orders_follows_the_stream(
    cook: Callable[..., ShardProcess], tmp_path: Path, title: str, table: str
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "orders.db")) as database:
        database.execute(TABLE.format(table))
    shard = cook(title, DATABASE_URL=f"sqlite:///{tmp_path}/orders.db")
    give(shard, 1)
    give(shard, 2)
    give(shard, 3, Keys={"id": {"N": "1"}}, NewImage={"Company": {"S": "Nokia"}})
    give(shard, 4, Keys={"id": {"N": "2"}}, eventName="REMOVE")
    finish(shard)
    assert rows(tmp_path, table) == [("1", "Nokia")]


def test_powertools_names_the_record_that_fails_and_the_others_are_done(
    cook: Callable[..., ShardProcess], tmp_path: Path
) -> None:
    shard = cook("AWS Lambda Powertools")
    shard.records(1, 2, 3, NewImage=NEW_IMAGE)
    shard.records(4, NewImage={"Price": {"N": "1"}})
    shard.wait_for_checkpoint(4)
    orders = [event for event in shard.of("handler.print") if event.get("company") == "Motorola"]
    assert len(orders) == 3 and {event["service"] for event in orders} == {"shop"}
    (dead,) = shard.of("record.dead")
    assert (dead["sequence_number"], dead["attempts"]) == ("4", 3)
    assert list((tmp_path / "dead").iterdir())


class Server(ThreadingHTTPServer):
    """Keeps what it receives; answers like Secrets Manager."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.sent: list[tuple[str, bytes]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Server)
        self.server.sent.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        answer = b'{"Name": "shop/partner", "SecretString": "hunter2-hunter2"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
        running.shutdown()


def test_secrets_are_taken_in_and_fetched_and_not_shown(
    cook: Callable[..., ShardProcess], tmp_path: Path, server: Server
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/partner_user").write_text("shop-at-partner\n")
    credentials = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "us-west-2"}
    shard = cook("Secrets", AWS_ENDPOINT_URL_SECRETS_MANAGER=server.url, **credentials)
    give(shard, 1)
    finish(shard)
    assert server.sent == [("/", b'{"SecretId": "shop/partner"}')]
    assert shard.of("handler.print")[0]["message"] == "1 sent as *** with a password of 15 characters"


def test_every_recipe_is_run_by_a_test_here() -> None:
    source = Path(__file__).read_text()
    assert [title for title in SECTIONS if f'"{title}"' not in source] == []
