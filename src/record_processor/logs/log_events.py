"""Log events: a constant key, a message for people, and fields for machines.

Every process of a worker writes one JSON object per line to standard error. The lines meet in the Python parent
(`host/log_relay.py`), which prints them as the user wants them. What a user's handler logs through `logging` takes the
same path.

A line: `{"time": seconds since the epoch, "level": "info", "event": "lease.lost", "message": "…", …fields}`.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from record_processor.errors import encodable, traceback_of
from record_processor.logs import wire_loggers
from record_processor.text.redaction import redacted, redacted_line
from record_processor.text.safe_text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = ("debug", "info", "warning", "error")

_FIELDS = "record_processor_fields"
_EVENT = "record_processor_event"
# What every record of `logging` has; everything else came as `extra`.
_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_RESERVED = {"time", "level", "event", "traceback"}
_bound: dict[str, Any] = {}
_encoder = msgspec.json.Encoder(enc_hook=str)
_LATEST_TIME = 253402300799
"""The last second of the year 9999: no date is later."""


class LineStream(Protocol):
    """Where lines go: standard error, or what stands in front of it."""

    def write(self, text: str, /) -> int: ...

    def flush(self) -> None: ...


class Call(Protocol):
    """A handler's call, which is named in what it logs and prints."""

    unfinished: dict[int, list[str]] | None
    """By thread, what it has printed of an unfinished line; None once it has ended."""

    def fields(self) -> dict[str, Any]:
        """The fields of its events."""


in_call: ContextVar[Call | None] = ContextVar("in_call", default=None)
"""The call in whose context something is logged."""


running_calls: dict[int, Any] = {}
"""Running calls of handlers, by thread."""


def only_call() -> Call | None:
    """Return the running call if it is the only one: what writes past Python does not know its call."""
    running = list(running_calls.values())
    return running[0] if len(running) == 1 else None


class Log:
    """A named logger whose every call says which event it is."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"record_processor.{name}")

    def debug(self, event: str, message: str, **fields: Any) -> None:
        self._emit(logging.DEBUG, event, message, fields)

    def info(self, event: str, message: str, **fields: Any) -> None:
        self._emit(logging.INFO, event, message, fields)

    def warning(self, event: str, message: str, **fields: Any) -> None:
        self._emit(logging.WARNING, event, message, fields)

    def error(self, event: str, message: str, *, exception: BaseException | None = None, **fields: Any) -> None:
        self._emit(logging.ERROR, event, message, fields, exception)

    def _emit(
        self,
        level: int,
        event: str,
        message: str,
        fields: dict[str, Any],
        exception: BaseException | None = None,
    ) -> None:
        if self._logger.isEnabledFor(level):
            extra = {_EVENT: event, _FIELDS: fields}
            # The message is data, not a format: a percent sign in a key must not be interpreted.
            self._logger.log(level, "%s", message, extra=extra, exc_info=exception)


def bind(**fields: Any) -> None:
    """Add fields to every event of this process from now on."""
    _bound.update(fields)


def start(level: str, stream: LineStream, form: Callable[[dict[str, Any]], str]) -> None:
    """Send all logging of this process to `stream`, each event written by `form`."""
    handler = _LineHandler(stream, form)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    wire_loggers.silence(root.level)


def as_json(line: dict[str, Any]) -> str:
    """Return the form between processes."""
    try:
        return _encoder.encode(line).decode()
    except Exception:  # a lone surrogate, keys that are not text, a str() that raises: whatever a handler logged
        return _encoder.encode({encodable(name): _encoded(value) for name, value in line.items()}).decode()


def as_json_for_users(line: dict[str, Any]) -> str:
    """Return the same with a time that log collectors understand, and nothing that controls a terminal."""
    return printable(as_json({**line, "time": _iso(line["time"])}))


def as_text(line: dict[str, Any]) -> str:
    """Return one line for people: time, level, event, message, fields; then a traceback, on indented lines."""
    rest = {key: value for key, value in line.items() if key not in ("time", "level", "event", "message", "traceback")}
    fields = "".join(f" {key}={_text_value(value)}" for key, value in rest.items())
    words = printable(f"{line['event']}: {line['message']}{fields}")
    head = f"{_iso(line['time'])} {line['level'].upper():7} {words}"
    trace = line.get("traceback")
    return "\n  ".join([head, *map(printable, str(trace).rstrip().splitlines())]) if trace else head


def is_event(line: dict[str, Any]) -> bool:
    """Return whether an object has the shape of our events; other log lines have other words and units."""
    moment = line.get("time")
    return (
        isinstance(moment, (int, float))
        and 0 <= moment <= _LATEST_TIME
        and line.get("level") in LEVELS
        and all(isinstance(line.get(name), str) for name in ("event", "message"))
    )


def form_named(name: str) -> Callable[[dict[str, Any]], str]:
    return as_json_for_users if name == "json" else as_text


if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[LineStream]
else:
    _StreamHandler = logging.StreamHandler  # takes no type parameter before Python 3.11


class _LineHandler(_StreamHandler):
    def __init__(self, stream: LineStream, form: Callable[[dict[str, Any]], str]) -> None:
        super().__init__(stream)
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": round(record.created, 3),
            "level": "error" if record.levelno > logging.ERROR else record.levelname.lower(),
            "event": getattr(record, _EVENT, record.name),
            "message": record.getMessage(),
        }
        line.update(_bound)
        if (call := in_call.get()) is not None:
            line.update(call.fields())
        line.update(_fields(record))
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = traceback_of(record.exc_info[1])
        return self._form(redacted_line(line))


def _encoded(value: Any) -> msgspec.Raw | str:
    """Return a value's JSON; if it has none, a text about it."""
    try:
        return msgspec.Raw(_encoder.encode(value))
    except Exception:  # it or its class is a user's
        return _as_text(value)


def _as_text(value: Any) -> str:
    try:
        return redacted(encodable(value if isinstance(value, str) else repr(value)))
    except Exception:  # its class is a user's
        return f"({type(value).__name__}, whose repr() raises)"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields of an event of ours; for anybody else's line, what was given as `extra`."""
    ours: dict[str, Any] | None = getattr(record, _FIELDS, None)
    if ours is not None:
        return ours
    extra = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
    return {name + "_" * (name in _RESERVED): value for name, value in extra.items()}


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text_value(value: Any) -> str:
    text = value if isinstance(value, str) else as_json_value(value)
    return f'"{text}"' if isinstance(value, str) and (" " in text or not text) else text


def as_json_value(value: Any) -> str:
    return _encoder.encode(value).decode()
