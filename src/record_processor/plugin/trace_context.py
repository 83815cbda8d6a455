"""The trace context of the running call, for actions whose messages carry it (https://www.w3.org/TR/trace-context/).

It comes from whoever traces calls; nothing of OpenTelemetry is imported here.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAMES = frozenset({"traceparent", "tracestate"})
"""Where one of these is there already, it stays, and nothing is added."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


def _nothing() -> Mapping[str, str]:
    return _NOTHING


current: Callable[[], Mapping[str, str]] = _nothing
"""Returns `traceparent`, and `tracestate` after it if there is one; nothing outside of calls that are traced."""


def begin(source: Callable[[], Mapping[str, str]]) -> None:
    """Let `current` return what this returns from now on, in all of this process."""
    global current
    current = source
