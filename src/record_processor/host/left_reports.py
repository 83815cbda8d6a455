"""The reports of workers that were killed: nobody takes them back, so the leader removes them after an hour."""

from __future__ import annotations

import contextlib
from typing import Any

from botocore.exceptions import ClientError

from record_processor.fleet import kcl_state, worker_report

KEPT_SECONDS = 3600.0


def remove(dynamodb: Any, table: str, now: float) -> None:
    """Remove those that are too old from the coordinator table.

    Raises:
        SetupError: it cannot be read.
    """
    items = kcl_state.scan(dynamodb, table) or []
    for report in worker_report.reports_in(items):
        if now - report.at <= KEPT_SECONDS:
            continue
        with contextlib.suppress(ClientError):  # the next leader tries again
            dynamodb.delete_item(TableName=table, Key=worker_report.key_of(report.worker_id))
