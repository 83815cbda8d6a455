"""Prometheus' text format, which every system that scrapes understands."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Literal, NamedTuple

from record_processor.delivery.histograms import Distribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Value = float | Distribution


class Metric(NamedTuple):
    """A name, and what it means. Units are seconds and bytes."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    """One sentence, for the metric and for the reference."""
    labels: tuple[str, ...] = ()


class Sample(NamedTuple):
    metric: Metric
    value: Value
    labels: tuple[str, ...] = ()
    """The values of the metric's labels."""


def text(samples: Iterable[Sample]) -> str:
    """Return all samples, those of a metric together, in the order in which metrics come first."""
    by_metric: dict[Metric, list[Sample]] = {}
    for sample in samples:
        by_metric.setdefault(sample.metric, []).append(sample)
    return "".join(f"{line}\n" for metric, of_it in by_metric.items() for line in _lines(metric, of_it))


def _lines(metric: Metric, samples: Sequence[Sample]) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.help)}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for sample in samples:
        labels = dict(zip(metric.labels, sample.labels, strict=True))
        if isinstance(sample.value, Distribution):
            yield from _distribution(metric.name, labels, sample.value)
        else:
            yield f"{metric.name}{_labels(labels)} {_number(sample.value)}"


def _distribution(name: str, labels: Mapping[str, str], value: Distribution) -> Iterator[str]:
    # A bucket contains those before it.
    counts = list(accumulate(value.counts))
    for bound, count in zip([*map(_number, value.bounds), "+Inf"], counts, strict=True):
        yield f"{name}_bucket{_labels({**labels, 'le': bound})} {count}"
    yield f"{name}_sum{_labels(labels)} {_number(value.sum)}"
    yield f"{name}_count{_labels(labels)} {counts[-1]}"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _quoted(value: str) -> str:
    return _escaped(value).replace('"', r"\"")


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n")


def _number(value: float) -> str:
    return repr(float(value)) if isinstance(value, float) else str(value)
