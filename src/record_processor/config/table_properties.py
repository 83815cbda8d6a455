"""The properties of the three tables that KCL keeps its state in."""

from __future__ import annotations

from record_processor.config.choices import BillingMode
from record_processor.config.property_key import choice, flag, integer, text

TABLES = (
    text("tableName", "The name of the lease table. Default: applicationName."),
    text("coordinatorStateTableName", "The coordinator table. Default: applicationName and -CoordinatorState."),
    text("workerMetricsTableName", "The metrics table. Default: applicationName and -WorkerMetricStats."),
    flag("leaseTableDeletionProtectionEnabled", "Whether the lease table is created with deletion protection."),
    flag("leaseTablePitrEnabled", "Whether the lease table has point-in-time recovery."),
    choice(
        "coordinatorStateBillingMode", "How the coordinator table is billed. Default: PAY_PER_REQUEST.", BillingMode
    ),
    integer(
        "coordinatorStateReadCapacity", "Read capacity units if the coordinator table is PROVISIONED. Default: 10."
    ),
    integer(
        "coordinatorStateWriteCapacity", "Write capacity units if the coordinator table is PROVISIONED. Default: 10."
    ),
    flag(
        "coordinatorStatePointInTimeRecoveryEnabled",
        "Whether the coordinator table has point-in-time recovery.",
    ),
    flag(
        "coordinatorStateDeletionProtectionEnabled",
        "Whether the coordinator table is created with deletion protection.",
    ),
    choice("workerMetricsBillingMode", "How the metrics table is billed. Default: PAY_PER_REQUEST.", BillingMode),
    integer("workerMetricsReadCapacity", "Read capacity units if the metrics table is PROVISIONED. Default: 10."),
    integer("workerMetricsWriteCapacity", "Write capacity units if the metrics table is PROVISIONED. Default: 10."),
    flag("workerMetricsPointInTimeRecoveryEnabled", "Whether the metrics table has point-in-time recovery."),
    flag("workerMetricsDeletionProtectionEnabled", "Whether the metrics table is created with deletion protection."),
)
