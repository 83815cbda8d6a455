"""CloudWatch's embedded metric format: the samples as fields of log lines, from which CloudWatch makes metrics.

A line has the samples with the same labels, which are its dimensions. CloudWatch adds up what it is told, so counters
and histograms are told as what was added since the lines before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.delivery.histograms import Distribution
from record_processor.host.metrics import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from record_processor.host.metrics.exposition import Metric, Sample

NAMESPACE = "record-processor"
_PREFIX, _TOTAL = "record_processor_", "_total"
_MILLIS = 1000
# Nobody sets an alarm on these, and CloudWatch charges for each.
_LEFT_OUT = {catalogue.INFO, catalogue.START_TIME}
_LEFT_OUT_LABELS = {"area", "collector"}
# One for each reason, and most never happen.
_LEFT_OUT_AT_ZERO = {catalogue.RESTARTS}

_Key = tuple["Metric", tuple[str, ...]]


class EmfLines:
    """Makes lines of samples, and remembers what it has told."""

    def __init__(self, application: str) -> None:
        self._application = application
        self._told: dict[_Key, float | Distribution] = {}

    def lines(self, samples: Iterable[Sample], at: float) -> list[dict[str, Any]]:
        """Return the fields of each line; `at` is in seconds since the epoch."""
        groups: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
        units: dict[tuple[tuple[str, str], ...], list[dict[str, str]]] = {}
        for sample in samples:
            if sample.metric in _LEFT_OUT or _LEFT_OUT_LABELS & {*sample.metric.labels}:
                continue
            value = self._added(sample)
            if value is None:
                continue
            labels = {"application": self._application, **dict(zip(sample.metric.labels, sample.labels, strict=True))}
            key = tuple(labels.items())
            name = sample.metric.name.removeprefix(_PREFIX).removesuffix(_TOTAL)
            groups.setdefault(key, {})[name] = value
            units.setdefault(key, []).append({"Name": name, "Unit": _unit(name)})
        return [_line(dict(key), values, units[key], at) for key, values in groups.items()]

    def _added(self, sample: Sample) -> Any:
        """Return what CloudWatch is told; None: nothing new."""
        if sample.metric.kind == "gauge":
            return sample.value
        key = sample.metric, sample.labels
        before, self._told[key] = self._told.get(key), sample.value
        if isinstance(sample.value, Distribution):
            return _added_to(sample.value, before if isinstance(before, Distribution) else None)
        old = before if before is not None and not isinstance(before, Distribution) else 0
        # One that is smaller began again.
        added = sample.value - old if sample.value >= old else sample.value
        return None if sample.metric in _LEFT_OUT_AT_ZERO and not added else added


def _added_to(now: Distribution, before: Distribution | None) -> dict[str, list[float]] | None:
    """Each value counts as the largest of its bucket; what is larger than all, as the largest bound."""
    old = before.counts if before is not None and sum(before.counts) <= sum(now.counts) else (0,) * len(now.counts)
    added = [count - one for count, one in zip(now.counts, old, strict=True)]
    # Two buckets have the largest bound.
    counts = [*added[:-2], added[-2] + added[-1]]
    pairs = [(bound, count) for bound, count in zip(now.bounds, counts, strict=True) if count > 0]
    return {"Values": [bound for bound, _ in pairs], "Counts": [count for _, count in pairs]} if pairs else None


def _unit(name: str) -> str:
    return "Seconds" if name.endswith("_seconds") else "Bytes" if name.endswith("_bytes") else "Count"


def _line(labels: dict[str, str], values: dict[str, Any], metrics: list[dict[str, str]], at: float) -> dict[str, Any]:
    directive = {"Namespace": NAMESPACE, "Dimensions": [[*labels]], "Metrics": metrics}
    return {"_aws": {"Timestamp": round(at * _MILLIS), "CloudWatchMetrics": [directive]}, **labels, **values}
