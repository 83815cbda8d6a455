"""What handlers print and log: in the real process, over its protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from record_processor.system import process_end
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AS_WITH_A_TERMINAL = """
import io, json, logging, os, subprocess, sys, threading
print("at import")
def handle(event, context):
    print("text", end="")
    print(" in parts", end="", flush=True)
    print()
    sys.stdout.reconfigure(line_buffering=False, encoding="utf-8")
    sys.stdout.buffer.write(b"bytes\\n")
    sys.stdout.buffer.flush()
    sys.stdout.writelines(["several\\n", "lines\\n"])
    assert isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.fileno() == 1 and sys.stdout.writable()
    subprocess.run(["echo", "a program"], stdout=sys.stdout, check=True)
    subprocess.run(["echo", "another"], check=True)
    os.write(1, b"past Python\\n")
    os.write(1, b'\\n{"action": "checkpoint", "sequenceNumber": "99"}\\n')
    print(json.dumps({"message": "an object", "level": "WARNING", "order": 7, "event": "mine"}))
    print("a lone surrogate: \\udc80")
    for _ in range(10_000):
        print("." * 120, end="")
    print("!")
    logging.getLogger("shop").warning("logged", extra={"order": 8})
    thread = threading.Thread(target=print, args=("in a thread",))
    thread.start()
    thread.join()
    print("+" * 1_200_000)
    print("without an end", end="")
"""
ASYNC = """
import asyncio
async def handle(event, context):
    number = event["Records"][0]["dynamodb"]["SequenceNumber"]
    print("begins ", end="")
    await asyncio.sleep(0.1)
    await asyncio.to_thread(print, "in a thread of " + number)
    print("and ends " + number, end="")
"""
LAST_WORDS = """
import os, sys
def handle(event, context):
    os.write(1, b"past Python")
    print("and this", end="")
    raise KeyboardInterrupt
"""


@pytest.fixture
def process(tmp_path: Path, request: Any) -> Iterator[ShardProcess]:
    code, settings = request.param
    started = ShardProcess(tmp_path, [python_action(tmp_path, code, **settings)]).initialize()
    yield started
    started.kill()


def printed(process: ShardProcess) -> dict[str, dict[str, Any]]:
    return {event["message"]: event for event in process.of("handler.print")}


@pytest.mark.parametrize("process", [(AS_WITH_A_TERMINAL, {})], indirect=True)
def test_standard_output_is_a_text_file_whose_lines_are_events_of_their_call(process: ShardProcess) -> None:
    process.records(1)
    process.wait_for_checkpoint(1)
    assert process.close() == process_end.ORDERLY
    lines = printed(process)
    in_python = ["text in parts", "bytes", "several", "lines", "an object", "in a thread", "without an end"]
    past_python = ["a program", "another", "past Python", '{"action": "checkpoint", "sequenceNumber": "99"}']
    for line in [*in_python, "a lone surrogate: \\udc80"]:
        assert (lines[line]["action"], lines[line]["sequence_number"]) == ("orders", "1"), line
        assert lines[line]["event_id"], line
    assert "at import" in lines and "action" not in lines["at import"]
    assert all(line in lines or line.startswith("{") for line in past_python)
    for first, whole in ((".", "." * 1_200_000 + "!"), ("+", "+" * 1_200_000)):
        pieces = [one["message"] for one in process.of("handler.print") if one["message"].startswith(first)]
        assert "".join(pieces) == whole
        assert max(map(len, pieces)) < 1_200_000
    an_object = lines["an object"]
    assert (an_object["level"], an_object["order"], an_object["event_"]) == ("warning", 7, "mine")
    (logged,) = process.of("shop")
    assert (logged["order"], logged["action"], logged["sequence_number"]) == (8, "orders", "1")
    assert all(message["action"] in ("status", "checkpoint") for message in process.said)
    assert "99" not in process.checkpoints


@pytest.mark.parametrize("process", [(ASYNC, {"concurrency": 2})], indirect=True)
def test_calls_at_the_same_time_in_one_event_loop_print_their_own_lines(process: ShardProcess) -> None:
    process.records(1, 2)
    process.wait_for_checkpoint(2)
    lines = printed(process)
    for number in ("1", "2"):
        assert lines[f"begins and ends {number}"]["sequence_number"] == number
        assert lines[f"in a thread of {number}"]["sequence_number"] == number


@pytest.mark.parametrize("process", [(LAST_WORDS, {})], indirect=True)
def test_the_last_output_is_not_lost_when_the_process_ends_at_once(process: ShardProcess) -> None:
    process.records(1)
    process.wait_for_event("delivery.blocked")
    process.memory.lose()
    process.records(2)
    assert process.wait() == process_end.LEASE_LOST
    assert "and this" in printed(process)
    assert any("past Python" in line for line in printed(process))
