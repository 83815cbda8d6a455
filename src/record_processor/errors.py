"""Every error that this package raises on purpose.

A message names the thing, its place, what was found, what was expected, and what to do. The command line prints it
without a traceback and exits with the error's `exit_status`.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, NamedTuple

from record_processor.text.safe_text import shortened, shortened_to_end

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_MESSAGE = 16_384
_LONGEST_TRACEBACK = 131_072


class RecordProcessorError(Exception):
    """The base of all of them."""

    exit_status = 1


class SetupError(RecordProcessorError):
    """Something outside the configuration is missing or does not answer; nothing was started."""

    exit_status = 2


class ConfigError(NamedTuple):
    """One error in the configuration: its place, and what to do about it."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class InvalidConfigError(RecordProcessorError):
    """The configuration has errors; nothing was started."""

    exit_status = 2

    def __init__(self, mistakes: list[ConfigError]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class InvalidSettingError(ValueError):
    """A setting has the right type, but cannot work. `key` is its name in YAML."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class UndecodableRecordError(RecordProcessorError):
    """A record of the stream does not have the shape that DynamoDB gives it."""

    def __init__(self, sequence_number: str, reason: str | BaseException) -> None:
        if isinstance(reason, RecursionError):
            reason = "nested too deep"
        reason = str(reason)
        super().__init__(f"record {sequence_number} cannot be decoded: {reason}")
        self.sequence_number = sequence_number
        self.reason = reason


class LeaseLostError(RecordProcessorError):
    """The shard's lease is no longer ours: a normal outcome, after which nothing may be started or checkpointed."""


class StopRequestedError(RecordProcessorError):
    """The worker was asked to stop while an action was being retried."""


class ReloadRequestedError(RecordProcessorError):
    """The actions were replaced, so this process saves what is done and ends."""


class StartupFailedError(RecordProcessorError):
    """An action's `startup` failed, so nothing may be delivered in this process."""


class BrokenError(RecordProcessorError):
    """A part of the record processor itself failed, so the shard process must end."""


class CheckpointRefusedError(RecordProcessorError):
    """KCL rejected a checkpoint for a reason that a retry does not fix."""


class ActionError(Exception):
    """A failure whose message says everything, so its traceback is left out of the log.

    Args:
        retry_after_seconds: the wait that the other side asked for; the next attempt does not come sooner.
    """

    def __init__(self, message: str, retry_after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PermanentError(ActionError):
    """A retry cannot help: the records go to the dead letters at once."""


class NotTriedError(ActionError):
    """An earlier record failed, and this one had to wait for it: it was not tried, so it has not failed."""

    def __init__(self) -> None:
        super().__init__("waits for an earlier record that failed")


class PartialFailure(Exception):  # noqa: N818 - what it says is that the rest succeeded
    """Some records of a batch failed; all others are done.

    Args:
        failures: why, by position in the batch. A `PermanentError` among them is not retried; a `NotTriedError` counts
            as no attempt.
    """

    def __init__(self, failures: Mapping[int, Exception]) -> None:
        super().__init__(f"{len(failures)} of the batch failed")
        self.failures = dict(failures)


def described(error: BaseException) -> str:
    """Return anybody's error in one line, `TYPE: MESSAGE`; never raises, though its `str()` may.

    Of a very long message only the beginning is kept: a remote side may have written megabytes of it.
    """
    return f"{type(error).__name__}: {shortened(message_of(error), _LONGEST_MESSAGE, mark='…')}"


def message_of(error: BaseException) -> str:
    """Return what an error says, fit for any encoding; if it cannot say anything, why not."""
    try:
        return encodable(str(error))
    except BaseException as broken:  # it is a user's class
        return f"(its message cannot be read: its str() raises {type(broken).__name__})"


def traceback_of(error: BaseException) -> str:
    """Return the whole traceback; only its own stack if it cannot be formatted, or is too long for a log."""
    try:
        text = encodable("".join(traceback.format_exception(error)))
    except BaseException:  # an error of a group, or a cause, whose str() raises
        text = ""
    if 0 < len(text) <= _LONGEST_TRACEBACK:
        return text
    stack = "".join(traceback.format_tb(error.__traceback__))
    return shortened_to_end(stack, _LONGEST_TRACEBACK) + described(error) + "\n"


def encodable(text: str) -> str:
    """Return the text with lone surrogates, which no encoding has, written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
