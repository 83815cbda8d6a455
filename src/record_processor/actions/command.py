"""`command`: a user's program that reads one line of JSON per record and answers one line per record.

`ok` means done, `error REASON` not done, `dead REASON` that a retry cannot help. A program that ends, answers anything
else or takes too long has failed at the first record that it had not answered: those before it are done, those after it
were not tried. It is ended with everything that it started, and a new one is started for the next attempt.
"""

from __future__ import annotations

import queue
import shutil
import threading
import time
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from record_processor.actions.programs.line_process import LineProcess, ProgramFailedError, TooManyAnswersError, kill
from record_processor.actions.programs.program_environment import ProgramEnvironment
from record_processor.config.units import Duration, default
from record_processor.errors import ActionError, InvalidSettingError, NotTriedError, PermanentError
from record_processor.logs.log_events import Log
from record_processor.plugin.batched_action import BatchedAction, BatchEntry, CallFailedError, Limits
from record_processor.plugin.record_format import FormattedSettings, RecordFormat
from record_processor.plugin.settings import LARGEST_BATCH
from record_processor.system import working_directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.aws.probes import AddressProbe, AwsProbe
    from record_processor.records.change_record import ChangeRecord

log = Log("actions.command")

_NO_LIMIT = 1 << 62
_END_SECONDS = 5.0
_TERMINATE_SECONDS = 2.0


class CommandSettings(FormattedSettings, kw_only=True, frozen=True):
    """Feeds a program JSON lines; it answers each with ok, error REASON or dead REASON. Several for concurrency."""

    command: Annotated[
        list[str],
        Meta(
            description="The program and its arguments. No shell is involved. It runs in the worker's working "
            "directory.",
            min_length=1,
            extra={"expected": "a list: the program, then its arguments"},
        ),
    ]
    env: Annotated[
        dict[str, str] | list[str],
        Meta(
            description="Environment variables in addition to PATH, HOME, USER, LANG, LC_*, TZ and TMPDIR: a map of "
            "names and texts. In a list, NAME passes on the worker's variable if it is set, NAME=VALUE sets one.",
            extra={"expected": "a map of names and texts, or a list of NAME or NAME=VALUE"},
        ),
    ] = msgspec.field(default_factory=dict)
    timeout: Annotated[Duration, Meta(description="How long to wait for the answers to a batch. Default: 60s.")] = (
        default(Duration(60.0))
    )


class CommandAction(BatchedAction[CommandSettings]):
    """As many programs as concurrent calls; each serves one call at a time."""

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
        self._environment = ProgramEnvironment.of(settings.env)
        self._check_command()
        if settings.timeout <= 0:
            raise InvalidSettingError("timeout", "expected more than 0s")
        self._shape = RecordFormat(settings)
        self._idle: queue.SimpleQueue[LineProcess] = queue.SimpleQueue()
        self._all: set[LineProcess] = set()
        self._closed = False
        # Concurrent calls start and end programs, while the process's main thread may want to end all of them.
        self._lock = threading.Lock()

    def _check_command(self) -> None:
        command, start = self.settings.command, working_directory.path()
        if any("\0" in word for word in command):
            raise InvalidSettingError("command", "contains a NUL, which a program argument cannot contain")
        program, path = command[0], self._environment.variables().get("PATH")
        if shutil.which(start / program if "/" in program else program, path=path) is None:
            raise InvalidSettingError("command", f"{program!r} is not a program, neither on PATH nor from {start}")

    @property
    def permissions(self) -> None:
        """What a program calls is known to its author alone."""

    @property
    def probes(self) -> Sequence[AwsProbe | AddressProbe]:
        return ()

    def entry(self, record: ChangeRecord) -> BatchEntry:
        line = self._shape.encoded(record) + b"\n"
        return BatchEntry(line, len(line))

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
        if isinstance(failure, TooManyAnswersError) and len(contents) > 1:
            # Treated as "too much at once": sent by halves, the record to blame is found, and no other counts an
            # attempt.
            raise CallFailedError(PermanentError(str(failure)))
        return _failures(answers, failure, len(contents))

    def _program(self) -> LineProcess:
        """Return a healthy idle program, or a new one."""
        try:
            while not (program := self._idle.get_nowait()).ready:
                self._end_idle(program)
        except queue.Empty:
            try:
                program = self._started()
            except OSError as error:
                raise CallFailedError(ActionError(f"the program cannot be started: {error}")) from None
        return program

    def _end_idle(self, program: LineProcess) -> None:
        if program.running:
            log.warning(
                "command.unasked",
                "the program wrote more lines than it received, after its call was over: an answer that was taken "
                "for one record's may have been another's. It is started anew; it must answer one line a record",
                action=self.settings.name,
            )
        self._end(program)

    def _started(self) -> LineProcess:
        with self._lock:
            if self._closed:
                raise CallFailedError(ActionError("not starting a program: this shard process is ending"))
            program = LineProcess(self.settings.command, self._environment.variables(), self._say)
            self._all.add(program)
            return program

    def _say(self, line: str) -> None:
        log.info("command.output", line, action=self.settings.name)

    def close(self) -> None:
        programs = self._last_ones()
        for program in programs:
            program.finish()
        end = time.monotonic() + _END_SECONDS
        for program in programs:
            program.wait(end - time.monotonic())
        for program in programs:
            program.terminate()
        end = time.monotonic() + _TERMINATE_SECONDS
        for program in programs:
            program.wait(end - time.monotonic())
        kill(programs)
        for program in programs:
            program.let_go()

    def abandon(self) -> None:
        kill(self._last_ones())

    def _last_ones(self) -> list[LineProcess]:
        """Return all programs; after this no more are started."""
        with self._lock:
            self._closed = True
            return list(self._all)

    def _end(self, program: LineProcess) -> None:
        kill([program])
        program.let_go()
        with self._lock:
            self._all.discard(program)


def _failures(answers: Sequence[str], failure: ProgramFailedError | None, wanted: int) -> dict[int, Exception]:
    """Return why records failed, by position: what the program said about them, or how it failed itself."""
    failures: dict[int, Exception] = {}
    for position, answer in enumerate(answers):
        word, _, reason = answer.partition(" ")
        if word == "error":
            failures[position] = ActionError(f"the program reported: {reason.strip() or 'error'}")
        elif word == "dead":
            failures[position] = PermanentError(f"the program reported: {reason.strip() or 'dead'}")
    if failure is not None:
        failures.update({position: NotTriedError() for position in range(len(answers), wanted)})
        failures[len(answers)] = ActionError(str(failure))
    return failures
