"""Makes the archive that the other tests' workers start with, from the life of a worker."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

from tests import class_archive
from tests.harness import Worker
from tests.servers.process import require

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.harness import Database


def test_a_worker_leaves_an_archive_of_the_classes_that_it_loaded(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    require("java")
    if not class_archive.path().exists():
        make(request.getfixturevalue("database"), tmp_path)
    assert class_archive.option()


def make(database: Database, folder: Path) -> None:
    archive = class_archive.path()
    shutil.rmtree(class_archive.FOLDER, ignore_errors=True)
    class_archive.FOLDER.mkdir(parents=True)
    unfinished = archive.with_suffix(".unfinished")
    table = database.table()
    database.put(table, "a")
    options = f"{class_archive.OPTIONS} -XX:ArchiveClassesAtExit={shlex.quote(str(unfinished))}"
    # Writing it belongs to the JVM's stop, and takes longer than that on a busy machine.
    properties = {"jvmOptions": options, "shutdownGraceMillis": "120000"}
    actions = "actions: [{name: audit, type: file, path: out.jsonl}]"
    worker = Worker(folder, database, "class-archive", (table,), actions, properties)
    try:
        worker.wait_for_lines("out.jsonl", 1)
        assert worker.stop(seconds=120) == 0
    finally:
        worker.end()
    unfinished.rename(archive)
