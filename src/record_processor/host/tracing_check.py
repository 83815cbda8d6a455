"""Whether `tracing = otel` can work: the extra is there, and OpenTelemetry's variables say what is done here.

OpenTelemetry itself takes wrong values with a line in a log, or not at all, and each shard process would say it anew.
"""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING, Any

from record_processor.config.wording import shown
from record_processor.errors import ConfigError, InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from record_processor.config.worker_configuration import WorkerConfiguration

_MODULES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")
_SAMPLERS = ("always_on", "always_off", "traceidratio")
_WORDS = {
    "OTEL_TRACES_EXPORTER": ("otlp", "none"),
    "OTEL_EXPORTER_OTLP_PROTOCOL": ("http/protobuf",),
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": ("http/protobuf",),
    "OTEL_TRACES_SAMPLER": (*_SAMPLERS, *(f"parentbased_{name}" for name in _SAMPLERS)),
}
_ADDRESSES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_ROOM, _BATCH = "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"
_NUMBERS = (_ROOM, _BATCH, "OTEL_BSP_SCHEDULE_DELAY")
_USUAL_ROOM, _USUAL_BATCH = 2048, 512
_MOST_ATTRIBUTES = 10


def refuse(configuration: WorkerConfiguration, environment: Mapping[str, str]) -> None:
    """Refuse what would not trace, or not as it is written.

    Raises:
        InvalidConfigError: with everything that was found.
    """
    if not configuration.has_tracing:
        return
    if configuration.executable_name is not None:
        message = "has no effect with executableName, which replaces the actions: remove one of the two"
        raise InvalidConfigError([ConfigError(f"{configuration.path}: tracing", message)])
    if not all(map(_is_installed, _MODULES)):
        message = "otel needs OpenTelemetry: pip install 'record-processor[otel]'"
        raise InvalidConfigError([ConfigError(f"{configuration.path}: tracing", message)])
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    if found := [*_wrong_words(given), *_wrong_addresses(given), *_wrong_numbers(given)]:
        raise InvalidConfigError(found)


def warnings(configuration: WorkerConfiguration, actions: Sequence[dict[str, Any]]) -> Iterator[ConfigError]:
    """Yield what will not carry its trace, though others do."""
    for action in actions if configuration.has_tracing else ():
        attributes = action.get("attributes") or {}
        if action.get("type") in ("sqs", "sns") and len(attributes) == _MOST_ATTRIBUTES:
            message = (
                f"{action['name']}: {_MOST_ATTRIBUTES} attributes, the most that a message has, leave no room for "
                "traceparent: its messages do not carry the trace's context"
            )
            yield ConfigError(f"{configuration.actions_path}: attributes", message)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # a package above it is missing
        return False


def _wrong_words(given: Mapping[str, str]) -> Iterator[ConfigError]:
    for name, words in _WORDS.items():
        if name in given and given[name].lower() not in words:
            yield _wrong(name, given[name], f"expected {' or '.join(words)}")


def _wrong_addresses(given: Mapping[str, str]) -> Iterator[ConfigError]:
    for name in _ADDRESSES:
        if name in given and not given[name].startswith(("http://", "https://")):
            # Not shown: it may contain credentials.
            yield ConfigError(name, "expected an address that begins with http:// or https://")


def _wrong_numbers(given: Mapping[str, str]) -> Iterator[ConfigError]:
    wrong = [name for name in _NUMBERS if name in given and not (given[name].isdecimal() and int(given[name]) > 0)]
    for name in wrong:
        yield _wrong(name, given[name], "expected a whole number above 0")
    if not wrong and int(given.get(_BATCH, _USUAL_BATCH)) > int(given.get(_ROOM, _USUAL_ROOM)):
        yield _wrong(_BATCH, given.get(_BATCH, str(_USUAL_BATCH)), f"expected no more than {_ROOM}")
    part = given.get("OTEL_TRACES_SAMPLER_ARG")
    if part is not None and given.get("OTEL_TRACES_SAMPLER", "").endswith("traceidratio") and not _is_part(part):
        yield _wrong("OTEL_TRACES_SAMPLER_ARG", part, "expected a number from 0 to 1")


def _is_part(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return not math.isnan(value) and 0 <= value <= 1


def _wrong(name: str, value: str, expected: str) -> ConfigError:
    return ConfigError(name, f"found {shown(value)}, {expected}")
