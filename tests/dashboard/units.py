"""Values as Grafana writes them: three digits that say something, and the unit that fits."""

from __future__ import annotations

import math

_SECONDS = ((1e-3, 1e-6, "µs"), (1, 1e-3, "ms"), (60, 1, "s"), (3600, 60, "min"), (86400, 3600, "hour"))
_DAY = 86400
_NAMES = {"recps": "rec/s", "cps": "c/s"}


def text(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a value with its unit."""
    if unit == "s":
        return _seconds(value, decimals)
    if unit == "h":
        return f"{_number(value, decimals)} hour" if value < 24 else f"{_number(value / 24, decimals)} day"
    if unit == "bytes":
        return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB"), decimals)
    if unit == "Bps":
        return _scaled(value, 1000, ("B/s", "kB/s", "MB/s"), decimals)
    if unit == "percentunit":
        return f"{_number(value * 100, decimals)}%"
    if unit in _NAMES:
        return f"{_number(value, decimals)} {_NAMES[unit]}"
    if unit == "short":
        return _scaled(value, 1000, ("", "K", "Mil"), decimals).rstrip()
    raise ValueError(f"a unit that is not known here: {unit}")


def _seconds(value: float, decimals: int | None) -> str:
    if value == 0:
        return "0 s"
    for below, size, name in _SECONDS:
        if abs(value) < below:
            return f"{_number(value / size, decimals)} {name}"
    return f"{_number(value / _DAY, decimals)} day"


def _scaled(value: float, factor: int, names: tuple[str, ...], decimals: int | None) -> str:
    for name in names[:-1]:
        if abs(value) < factor:
            return f"{_number(value, decimals)} {name}"
        value /= factor
    return f"{_number(value, decimals)} {names[-1]}"


def _number(value: float, decimals: int | None) -> str:
    if decimals is None:
        is_whole = value == 0 or abs(value - round(value)) < 1e-9 * abs(value)
        decimals = 0 if is_whole else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"
