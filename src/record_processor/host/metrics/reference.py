"""The tables of docs/reference/metrics.md: `python -m record_processor.host.metrics.reference` prints them."""

from __future__ import annotations

import sys

from record_processor.host.metrics import catalogue


def table() -> str:
    """Return one row per metric."""
    rows = [
        f"| `{metric.name}` | {metric.kind} | {', '.join(f'`{label}`' for label in metric.labels)} | {metric.help} |"
        for metric in catalogue.ALL
    ]
    return "\n".join(["| metric | type | labels | meaning |", "|---|---|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(table())
