"""`record-processor init`: a new project whose every file works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from record_processor.config import regions
from record_processor.config.wording import shown
from record_processor.errors import SetupError
from record_processor.logs.terminal import say

_TEMPLATES = Path(__file__).parent / "new_project"
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_FILES = {
    "worker.properties": "what to read",
    "actions.yaml": "what to do with each change",
    "handlers.py": "a handler",
    "test_handlers.py": "its test",
    "records.json": "two changes to try it with",
}
_REGION_UNSET = (
    "# The region. Default: AWS_REGION, AWS_DEFAULT_REGION or the profile's, otherwise us-east-1.\n"
    "#regionName = us-east-1"
)
_NEXT = (
    ("pytest", "the handler's test; needs `pip install pytest`"),
    ("record-processor try worker.properties records.json --dry-run", "what would be sent"),
    ("record-processor check worker.properties", "reports every error in the two files"),
    ("record-processor run worker.properties", "the worker"),
)


def init(folder: Path, table: str, region: str | None) -> None:
    """Write a project for a table, and print what to do next.

    Args:
        folder: created if it does not exist. None of the project's files may be in it.
        table: the table's name.
        region: its region; None: from the AWS configuration.

    Raises:
        SetupError: `table` or `region` is invalid, or a file already exists or cannot be written.
    """
    _check(table, region)
    contents = {name: _filled(name, table, region) for name in _FILES}
    _refuse_existing(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            # Another process may be doing the same: existing files are never overwritten.
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(content)
    except OSError as error:
        raise SetupError(f"{error.filename or folder}: cannot be written: {error.strerror}") from None
    _say_next(folder)


def _check(table: str, region: str | None) -> None:
    if not _TABLE.fullmatch(table):
        raise SetupError(f"--table: expected a table's name, 3 to 255 letters, digits, _, . or -; found {shown(table)}")
    if region is not None and (expected := regions.expected(region)):
        raise SetupError(f"--region: expected {expected}, found {shown(region)}")


def _refuse_existing(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SetupError(f"{folder}: is not a folder; name one that is new or has none of the project's files")
    there = [name for name in _FILES if (folder / name).exists()]
    if there:
        raise SetupError(f"{folder}: has {', '.join(there)} already; nothing was written. Choose another folder")


def _filled(name: str, table: str, region: str | None) -> str:
    text = (_TEMPLATES / f"{name}.txt").read_text(encoding="utf-8")
    text = text.replace("@REGION@", _REGION_UNSET if region is None else f"regionName = {region}")
    return text.replace("@TABLE@", table)


def _say_next(folder: Path) -> None:
    width = max(map(len, _FILES))
    say(f"Created in {folder}:")
    for name, purpose in _FILES.items():
        say(f"  {name:<{width}}  {purpose}")
    say("Next:")
    if folder.resolve() != Path.cwd():
        say(f"  cd {shlex.quote(str(folder))}")
    width = max(len(command) for command, _ in _NEXT)
    for command, purpose in _NEXT:
        say(f"  {command:<{width}}  # {purpose}")
