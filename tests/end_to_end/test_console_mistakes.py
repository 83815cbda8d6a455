"""What the console cannot show is one message, and status 2, before anything listens."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.end_to_end.console_scene import Console
from tests.end_to_end.test_mistakes import NOBODY_LISTENS, assert_refused, at, written
from tests.harness import REGION, Worker, run_command
from tests.servers.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Database

    StartWorker = Callable[..., Worker]

_LISTENS = "0A"


def test_what_cannot_be_shown_is_one_message(database: Database, tmp_path: Path) -> None:
    table = database.table()

    def asked(**properties: str) -> Any:
        file = at(database, tmp_path, **{"streamName": table, **properties})
        return run_command("console", file, "--port", str(free_port()), cwd=tmp_path)

    assert_refused(asked(), "there is no lease table 'app-mistakes", REGION, database.endpoint, "applicationName")
    assert_refused(asked(streamName="Nothing"), "there is no table 'Nothing'")
    assert_refused(asked(dynamoDBEndpoint=NOBODY_LISTENS), f"cannot connect to {NOBODY_LISTENS}", "dynamoDBEndpoint")
    assert_refused(asked(kinesisEndpoint=NOBODY_LISTENS), f"cannot connect to {NOBODY_LISTENS}", "kinesisEndpoint")
    assert_refused(asked(AwsCredentialsProvider="DefaultCredentialsProvider"), "no AWS credentials found")
    assert_refused(run_command("console", "absent.properties", cwd=tmp_path), "absent.properties: cannot be read")
    database.put(table, "a")
    assert_refused(asked(applicationName=table), f"table '{table}' is there, and it is not a lease table")


def test_a_port_that_is_taken_is_named_before_anything_else_is_tried(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]
        file = written(tmp_path, dynamoDBEndpoint=NOBODY_LISTENS)
        answer = run_command("console", file, "--port", str(taken), cwd=tmp_path)
    assert_refused(answer, f"port {taken} of {LOOPBACK} cannot be used", "--port")


def test_a_mistake_in_the_actions_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, "actions: [{name: a, type: sq}]")
    assert_refused(run_command("console", file, cwd=tmp_path), "actions.yaml:1", "unknown type 'sq'")


def test_a_region_that_nobody_names_is_the_sdks_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / written(tmp_path)
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "regionName" not in line))
    answer = run_command("console", str(file), "--port", str(free_port()), cwd=tmp_path)
    assert_refused(answer, "dynamodb.us-east-1.amazonaws.com", "no AWS credentials found")


def test_it_ends_in_good_order_and_nobody_else_reaches_it(database: Database, worker: StartWorker) -> None:
    running = worker(database.table(), actions="actions: [{name: show, type: log}]")
    running.wait_for_event("shard.started")
    console = Console(running)
    assert listening(console.port) == {LOOPBACK}
    assert console.end(signal.SIGINT) == 0
    assert f"{running.application}: {console.address}/ (read-only); Ctrl-C ends it" in console.said
    assert "Traceback" not in console.said


def listening(port: int) -> set[str]:
    """The addresses of this machine at which somebody listens on a port, as the kernel has them."""
    found = set()
    for family in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{family}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, number = local.split(":")
            if state == _LISTENS and int(number, 16) == port:
                found.add(socket.inet_ntoa(bytes.fromhex(address)[::-1]) if family == "tcp" else address)
    return found
