"""`command`: a program of the user's, fed one line of JSON a record, answering one line a record.

`ok` means done, `error REASON` not done, `dead REASON` that trying again cannot help. A program that ends, says
anything else or takes too long has failed with what it had not answered; it is started again for the next try.
"""

from __future__ import annotations

import queue
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from record_processor.actions.base import ActionError, InvalidSettingError, PermanentError
from record_processor.actions.batches import BatchedAction, CallFailedError, Entry, Limits
from record_processor.actions.program import Program, ProgramFailedError
from record_processor.actions.settings import LARGEST_BATCH
from record_processor.actions.shapes import Shape, ShapedSettings
from record_processor.configuration.units import Duration, default

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.worker.records import ChangeRecord

_NO_LIMIT = 1 << 62


class CommandSettings(ShapedSettings, kw_only=True, frozen=True):
    """Feeds a program JSON lines; it answers each with ok, error REASON or dead REASON. Several for concurrency."""

    command: Annotated[
        list[str],
        Meta(
            description="The program and its arguments; no shell is involved. It runs in the worker's directory.",
            min_length=1,
            extra={"expected": "a list: the program, then its arguments"},
        ),
    ]
    timeout: Annotated[Duration, Meta(description="How long the answers to a batch may take (60s).")] = default(
        Duration(60.0)
    )


class CommandAction(BatchedAction[CommandSettings]):
    """As many programs as lanes; each serves one call at a time."""

    settings_type = CommandSettings
    limits = Limits(LARGEST_BATCH, _NO_LIMIT, _NO_LIMIT)
    default_batch_size = 100
    example = """\
- name: index
  type: command
  command: [python3, index_orders.py, --fast]
  format: plain
"""

    def __init__(self, settings: CommandSettings) -> None:
        super().__init__(settings)
        if shutil.which(settings.command[0]) is None:
            raise InvalidSettingError(
                "command", f"{settings.command[0]!r} is no program, neither on PATH nor from {Path.cwd()}"
            )
        if settings.timeout <= 0:
            raise InvalidSettingError("timeout", "expected more than 0s")
        self._shape = Shape(settings)
        self._idle: queue.SimpleQueue[Program] = queue.SimpleQueue()
        self._all: set[Program] = set()

    def entry(self, record: ChangeRecord) -> Entry:
        line = self._shape.encoded(record) + b"\n"
        return Entry(line, len(line))

    def send(self, contents: Sequence[bytes]) -> Mapping[int, Exception]:
        program = self._program()
        try:
            answers, failure = program.ask(contents, float(self.settings.timeout))
        except BaseException:
            self._end(program)
            raise
        if failure is None:
            self._idle.put(program)
        else:
            self._end(program)
        return _failures(answers, failure, len(contents))

    def _program(self) -> Program:
        """One that is idle and well, or a new one."""
        try:
            while not (program := self._idle.get_nowait()).ready:
                self._end(program)
        except queue.Empty:
            try:
                program = Program(self.settings.command)
            except OSError as error:
                raise CallFailedError(ActionError(f"the program cannot be started: {error}")) from None
            self._all.add(program)
        return program

    def close(self) -> None:
        for program in list(self._all):
            program.close()

    def abandon(self) -> None:
        for program in list(self._all):
            program.kill()

    def _end(self, program: Program) -> None:
        program.kill()
        self._all.discard(program)


def _failures(answers: Sequence[str], failure: ProgramFailedError | None, wanted: int) -> dict[int, Exception]:
    failures: dict[int, Exception] = {}
    for position, answer in enumerate(answers):
        word, _, reason = answer.partition(" ")
        if word == "error":
            failures[position] = ActionError(f"the program says: {reason.strip() or 'error'}")
        elif word == "dead":
            failures[position] = PermanentError(f"the program says: {reason.strip() or 'dead'}")
    if failure is not None:
        failures.update({position: ActionError(str(failure)) for position in range(len(answers), wanted)})
    return failures
