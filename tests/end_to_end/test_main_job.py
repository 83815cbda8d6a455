"""DynamoDB change → KCL → Python → action, with nothing in between replaced."""

from __future__ import annotations

import os
import signal
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.harness import Database, Worker, command_line, is_running, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    StartWorker = Callable[..., Worker]

TO_FILE = "actions: [{name: audit, type: file, path: '{table}.jsonl'}]"

ITEM_BEFORE = {"id": {"S": "a"}, "n": {"N": "1"}}
ITEM_AFTER = {"id": {"S": "a"}, "n": {"N": "2"}}
SLEEPER = "import time\ndef handle(event, context):\n    print('begun')\n    time.sleep(600)\n"
SLEEPER_WITH_GIL = (
    "import ctypes, pathlib\n"
    "def handle(event, context):\n"
    "    pathlib.Path('begun').touch()\n"
    "    ctypes.PyDLL(None).sleep(600)\n"
)
KEYS = {"id": {"S": "a"}}


def images(line: dict[str, Any]) -> tuple[str, Any, Any]:
    change = line["dynamodb"]
    assert change["Keys"] == KEYS
    return line["eventName"], change.get("NewImage"), change.get("OldImage")


def ids(lines: list[dict[str, Any]]) -> list[str]:
    return [line["dynamodb"]["Keys"]["id"]["S"] for line in lines]


def test_each_view_type_gives_its_images_and_each_record_its_own_table(database: Database, worker: StartWorker) -> None:
    new, old = (ITEM_BEFORE, ITEM_AFTER), (ITEM_BEFORE, ITEM_AFTER)
    expected = {
        "KEYS_ONLY": [("INSERT", None, None), ("MODIFY", None, None), ("REMOVE", None, None)],
        "NEW_IMAGE": [("INSERT", new[0], None), ("MODIFY", new[1], None), ("REMOVE", None, None)],
        "OLD_IMAGE": [("INSERT", None, None), ("MODIFY", None, old[0]), ("REMOVE", None, old[1])],
        "NEW_AND_OLD_IMAGES": [("INSERT", new[0], None), ("MODIFY", new[1], old[0]), ("REMOVE", None, old[1])],
    }
    tables = {view_type: database.table(view_type) for view_type in expected}
    for table in tables.values():
        database.put(table, "a", n={"N": "1"})
        database.put(table, "a", n={"N": "2"})
        database.delete(table, "a")
    running = worker(*tables.values(), actions=TO_FILE)
    for view_type, table in tables.items():
        lines = running.wait_for_lines(f"{table}.jsonl", 3)
        assert [images(line) for line in lines] == expected[view_type]
        assert {line["eventSourceARN"].split("/")[1] for line in lines} == {table}
        assert {line["dynamodb"]["StreamViewType"] for line in lines} == {view_type}
    assert running.stop() == 0


def test_a_restart_goes_on_from_the_checkpoint_and_does_nothing_twice(database: Database, worker: StartWorker) -> None:
    table = database.table()
    first = worker(table, actions=TO_FILE)
    database.put_many(table, ["a", "b", "c"])
    first.wait_for_lines(f"{table}.jsonl", 3)
    assert first.stop() == 0
    database.put_many(table, ["d", "e"])
    second = worker(table, actions=TO_FILE)
    second.wait_for_lines(f"{table}.jsonl", 5)
    assert second.stop() == 0
    assert ids(second.lines(f"{table}.jsonl")) == ["a", "b", "c", "d", "e"]


def test_two_workers_share_the_shards_and_one_takes_over_when_the_other_stops(
    database: Database, worker: StartWorker
) -> None:
    tables = [database.table() for _ in range(8)]
    # The first to start leads, and its limit holds for all that it assigns: KCL 3 does not even out idle leases later.
    workers = [worker(*tables, actions=TO_FILE, workerId="one", maxLeasesForWorker="4")]

    def owners() -> list[str]:
        leases = database.leases(workers[0].application)
        return sorted(lease["leaseOwner"]["S"] for lease in leases if "leaseOwner" in lease)

    wait_for(lambda: owners() == ["one"] * 4, "four shards for the first")
    workers.append(worker(*tables, actions=TO_FILE, workerId="two"))
    wait_for(lambda: owners() == ["one"] * 4 + ["two"] * 4, "four shards each")
    for table in tables:
        database.put(table, "before")
    for table in tables:
        workers[0].wait_for_lines(f"{table}.jsonl", 1)
    assert workers[0].stop() == 0
    for table in tables:
        database.put(table, "after")
    for table in tables:
        assert ids(workers[1].wait_for_lines(f"{table}.jsonl", 2)) == ["before", "after"]
    wait_for(lambda: owners() == ["two"] * 8, "all are the second's")


def test_an_action_that_raises_makes_the_shard_wait_and_nothing_is_skipped(
    database: Database, worker: StartWorker, tmp_path: Any
) -> None:
    (tmp_path / "shop.py").write_text(
        "import pathlib\n"
        "def handle(event, context):\n"
        "    for record in event['Records']:\n"
        "        name = record['dynamodb']['Keys']['id']['S']\n"
        "        if name == 'b' and not pathlib.Path('mended').exists():\n"
        "            raise RuntimeError('sink is down')\n"
        "        with open('handled', 'a') as file:\n"
        "            file.write(name + '\\n')\n"
    )
    table = database.table()
    database.put_many(table, ["a", "b", "c"])
    running = worker(table, actions="actions: [{name: shop, type: python, handler: 'shop:handle'}]")
    (blocked, *_) = running.wait_for_event("delivery.blocked", 3)
    assert blocked["action"] == "shop"
    assert "RuntimeError: sink is down" in blocked["traceback"]
    assert (tmp_path / "handled").read_text() == "a\n"
    (tmp_path / "mended").touch()
    wait_for(lambda: (tmp_path / "handled").read_text() == "a\nb\nc\n", "b, then c")
    assert running.stop() == 0


def test_a_stop_in_the_middle_of_a_retry_ends_in_time_and_leaves_no_process(
    database: Database, worker: StartWorker, tmp_path: Any
) -> None:
    (tmp_path / "shop.py").write_text("def handle(event, context):\n    raise RuntimeError('sink is down')\n")
    table = database.table()
    database.put_many(table, ["a"])
    actions = "actions: [{name: shop, type: python, handler: 'shop:handle'}]"
    running = worker(table, actions=actions, shutdownGraceMillis="10000")
    running.wait_for_event("delivery.blocked", 2)
    family = running.family()
    assert len(family) == 3, "the JVM, the forker and a shard process"
    assert running.stop(seconds=10) == 0
    assert [pid for pid in family if is_running(pid)] == []


def with_one_item(database: Database, worker: StartWorker, folder: Any, handler: str) -> Worker:
    """A worker that hands one item to a handler, with two seconds for its stop."""
    (folder / "shop.py").write_text(handler)
    table = database.table()
    database.put_many(table, ["a"])
    actions = "actions: [{name: shop, type: python, handler: 'shop:handle'}]"
    return worker(table, actions=actions, shutdownGraceMillis="2000")


def test_a_handler_that_ignores_the_stop_is_cut_off_within_the_grace_time_and_named(
    database: Database, worker: StartWorker, tmp_path: Any
) -> None:
    running = with_one_item(database, worker, tmp_path, SLEEPER)
    (begun,) = running.wait_for_event("handler.print")
    family = running.family()
    assert running.stop(seconds=15) == 0
    assert [pid for pid in family if is_running(pid)] == []
    (stopped,) = running.of("shard.stopped")
    assert (stopped["level"], stopped["action"]) == ("warning", "shop")
    assert stopped["sequence_number"] == begun["sequence_number"]


def test_a_handler_that_lets_no_python_code_run_is_ended_after_the_grace_time_and_the_worker_says_that_it_failed(
    database: Database, worker: StartWorker, tmp_path: Any
) -> None:
    running = with_one_item(database, worker, tmp_path, SLEEPER_WITH_GIL)
    wait_for(lambda: (tmp_path / "begun").exists(), "the call has begun")
    family = running.family()
    assert running.stop(seconds=15) == 1
    assert [pid for pid in family if is_running(pid)] == []
    assert any("Not saved: [shardId" in line for line in running.raw), "".join(running.raw)


def test_what_a_handler_prints_goes_to_the_log_and_not_into_the_protocol(
    database: Database, worker: StartWorker, tmp_path: Any
) -> None:
    (tmp_path / "shop.py").write_text(
        "import logging, os, sys\n"
        "def handle(event, context):\n"
        '    print(\'{"action": "status", "responseFor": "processRecords"}\')\n'
        "    sys.stdout.write('half a ')\n"
        "    print('line')\n"
        "    os.system('echo from a program')\n"
        "    os.write(1, b'from below\\n')\n"
        "    logging.getLogger('shop').warning('from logging')\n"
    )
    table = database.table()
    database.put_many(table, ["a", "b"])
    shop, audit = "{name: shop, type: python, handler: 'shop:handle'}", TO_FILE.partition("[")[2]
    actions = f"actions: [{shop}, {audit}"
    running = worker(table, actions=actions)
    assert ids(running.wait_for_lines(f"{table}.jsonl", 2)) == ["a", "b"]
    assert running.stop() == 0
    printed = [event["message"] for event in running.of("handler.print")]
    assert printed.count("half a line") == 2
    assert printed.count("from a program") == 2
    assert printed.count("from below") == 2
    assert [event["message"] for event in running.of("shop")] == ["from logging"] * 2


def test_a_worker_whose_parent_is_killed_ends_by_itself_and_leaves_no_secrets(
    database: Database, worker: StartWorker
) -> None:
    table = database.table()
    running = worker(table, actions=TO_FILE)
    running.wait_for_event("shard.started")
    family = running.family()
    directory = Path(command_line(running.jvm()).split()[-1]).parent
    assert (directory / "actions.json").exists()
    running.signal(signal.SIGKILL)
    wait_for(lambda: not any(map(is_running, family)), "JVM and child are gone")
    assert not directory.exists()


def test_a_killed_jvm_takes_its_children_along_and_the_status_says_so(database: Database, worker: StartWorker) -> None:
    table = database.table()
    running = worker(table, actions=TO_FILE)
    running.wait_for_event("shard.started")
    family = running.family()
    os.kill(running.jvm(), signal.SIGKILL)
    assert running.process.wait(30) == 128 + signal.SIGKILL
    wait_for(lambda: not any(map(is_running, family)), "the child is gone too")


DECODER = """
import json
from record_processor.records.attribute_values import item_to_python
def handle(event, context):
    image = event["Records"][0]["dynamodb"]["NewImage"]
    print(repr(item_to_python(image)))
"""


def test_everything_that_dynamodb_can_hold_arrives_exactly(
    database: Database, worker: StartWorker, tmp_path: Any
) -> None:
    (tmp_path / "shop.py").write_text(DECODER)
    item: dict[str, Any] = {
        "text": {"S": "ünïcödé 💡 \u0000 \u2028"},
        "empty": {"S": ""},
        "largest": {"N": "9.9999999999999999999999999999999999999E+125"},
        "negative": {"N": "-12345678901234567890123456789012345678"},
        "smallest": {"N": "1E-130"},
        "binary": {"B": bytes(range(256))},
        "true": {"BOOL": True},
        "null": {"NULL": True},
        "texts": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "-0.5"]},
        "binaries": {"BS": [b"\x00", b"\xff"]},
        "list": {"L": [{"L": []}, {"M": {}}, {"S": ""}]},
        "map": {"M": {"deep": {"M": {"deeper": {"N": "1"}}}}},
        "big": {"S": "x" * 380_000},
    }
    table = database.table()
    database.put(table, "a", **item)
    running = worker(table, actions="actions: [{name: shop, type: python, handler: 'shop:handle'}]")
    (printed,) = running.wait_for_event("handler.print")
    assert eval(printed["message"], {"Decimal": Decimal}) == {  # noqa: S307 - our own handler printed it
        "id": "a",
        "text": "ünïcödé 💡 \u0000 \u2028",
        "empty": "",
        "largest": Decimal("9.9999999999999999999999999999999999999E+125"),
        "negative": Decimal("-12345678901234567890123456789012345678"),
        "smallest": Decimal("1E-130"),
        "binary": bytes(range(256)),
        "true": True,
        "null": None,
        "texts": {"a", "b"},
        "numbers": {Decimal(1), Decimal("-0.5")},
        "binaries": {b"\x00", b"\xff"},
        "list": [[], {}, ""],
        "map": {"deep": {"deeper": Decimal(1)}},
        "big": "x" * 380_000,
    }


def test_secrets_are_neither_in_the_log_nor_in_the_process_list(database: Database, worker: StartWorker) -> None:
    secret = "very-secret-profile-name"
    table = database.table()
    provider = f"LocalCredentialsProvider,ProfileCredentialsProvider|{secret}"
    running = worker(table, actions=TO_FILE, AwsCredentialsProvider=provider, kclLogLevel="debug", logLevel="debug")
    running.wait_for_event("shard.started")
    assert not [pid for pid in running.family() if secret in command_line(pid)]
    assert running.stop() == 0
    assert secret not in "".join(running.raw)
