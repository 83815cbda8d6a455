"""The local database as the command starts it, and the two scripts of the introduction."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness import COMMAND, Database, wait_for
from tests.servers.process import free_port, require

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


@contextmanager
def local(port: int, *arguments: str) -> Iterator[Database]:
    process = subprocess.Popen([*COMMAND, "local", "--port", str(port), *arguments], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(port), "it listens")
        yield Database(f"http://127.0.0.1:{port}")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        wait_for(lambda: not listens(port), "the port is free again")


def test_tables_in_a_data_folder_are_there_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    with local(port, "--data", str(tmp_path / "data")) as database:
        table = database.table()
        database.put(table, "kept")
    with local(port, "--data", str(tmp_path / "data")) as database:
        assert database.client.scan(TableName=table)["Count"] == 1


def test_tables_that_could_not_be_written_at_the_end_are_said_and_are_a_failure(tmp_path: Path) -> None:
    (tmp_path / "database.unfinished").mkdir()
    command = [*COMMAND, "local", "--port", str(free_port()), "--data", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert f"written to {tmp_path} when it ends" in process.stderr.readline()
        # Not SIGINT: whoever runs the tests in the background may have had it ignored.
        process.terminate()
        _, words = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "database.unfinished" in words


def test_nothing_listens_beyond_loopback() -> None:
    port = free_port()
    with local(port):
        hexadecimal = f":{port:04X}"
        listeners = [
            fields[1]
            for name in ("tcp", "tcp6")
            for fields in (line.split() for line in Path("/proc/net", name).read_text().splitlines()[1:])
            if fields[1].endswith(hexadecimal) and fields[3] == "0A"
        ]
    loopback = {f"0100007F{hexadecimal}", f"0000000000000000FFFF00000100007F{hexadecimal}"}
    assert listeners
    assert set(listeners) <= loopback


def test_the_scripts_make_the_phones_and_their_four_items(database: Database) -> None:
    require("aws")
    environment = {**os.environ, "ENDPOINT_URL": database.endpoint}
    for script in ("create_phones_table.sh", "insert_phones.sh"):
        subprocess.run([ROOT / "scripts" / script], env=environment, check=True, stdout=subprocess.DEVNULL)
    description = database.client.describe_table(TableName="Phones")["Table"]
    assert description["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    models = sorted(item["Model"]["S"] for item in database.client.scan(TableName="Phones")["Items"])
    assert models == ["Awesome Phone", "Confusing Phone", "Cool Phone", "Lame Phone"]
