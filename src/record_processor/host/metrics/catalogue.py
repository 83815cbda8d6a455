"""Every metric, in the order in which they are shown. docs/reference/metrics.md is made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.host.metrics.exposition import Metric

if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["counter", "gauge", "histogram"]

_PREFIX = "record_processor_"
_ACTION = ("table", "action")
_TABLE = ("table",)
_SHARD = ("table", "shard")


def _metric(name: str, kind: Kind, labels: tuple[str, ...], help_: str) -> Metric:
    return Metric(_PREFIX + name, kind, help_, labels)


# Of actions. The first seven are those of a shard's report, in its order.
COUNTED = (
    _metric("records_received_total", "counter", _ACTION, "Records that were read."),
    _metric("records_filtered_total", "counter", _ACTION, "Records that the action's filter rejected."),
    _metric("records_delivered_total", "counter", _ACTION, "Records that the action has delivered."),
    _metric("delivered_bytes_total", "counter", _ACTION, "The size of the delivered records as they were read."),
    _metric("failed_attempts_total", "counter", _ACTION, "Attempts that failed; one for each record to blame."),
    _metric("retries_total", "counter", _ACTION, "Records that failed and were tried again."),
    _metric("dead_letters_total", "counter", _ACTION, "Records that were given up and are dead letters."),
)
# In the order of `shard_report.HISTOGRAMS`.
DISTRIBUTED = (
    _metric("call_seconds", "histogram", _ACTION, "How long calls of the action took, those that failed too."),
    _metric(
        "write_to_done_seconds",
        "histogram",
        _ACTION,
        "The time from the change of the item to its delivery. DynamoDB rounds the first down to a second.",
    ),
    _metric("batch_records", "histogram", _ACTION, "How many records the calls had."),
)
BLOCKED_SECONDS = _metric(
    "blocked_seconds",
    "gauge",
    _ACTION,
    "How long the action has failed, or a call has not returned, in the shard where that is longest.",
)

# Of the shards that this worker reads, by table.
SHARDS = _metric("shards", "gauge", _TABLE, "Shards whose processes this worker has.")
BLOCKED_SHARDS = _metric(
    "blocked_shards", "gauge", _TABLE, "Shards in which an action fails or a call does not return, and records wait."
)
CRASHING_SHARDS = _metric(
    "crash_looping_shards", "gauge", _TABLE, "Shards whose process died three times or more without lasting progress."
)
LAG_SECONDS = _metric(
    "lag_seconds",
    "gauge",
    _TABLE,
    "The age of the oldest record that is not done, in the shard where that is largest. 0: there is none.",
)
TRIMMED_IN_SECONDS = _metric(
    "trimmed_in_seconds", "gauge", _TABLE, "How long until DynamoDB removes the oldest record that is not done."
)
PENDING_RECORDS = _metric("pending_records", "gauge", _TABLE, "Records that were read and are not done.")
PENDING_BYTES = _metric("pending_bytes", "gauge", _TABLE, "The size of the records that were read and are not done.")
UNSAVED_SECONDS = _metric(
    "checkpoint_age_seconds",
    "gauge",
    _TABLE,
    "How long something has been waiting for a checkpoint, in the shard where that is longest. 0: everything is saved.",
)
# In the order of `shard_report.SHARD_COUNTERS`.
COUNTED_OF_SHARDS = (
    _metric("checkpoints_total", "counter", _TABLE, "Checkpoints that were saved."),
    _metric("checkpoint_failures_total", "counter", _TABLE, "Checkpoints that the lease table did not take."),
)
RESTARTS = _metric(
    "shard_process_restarts_total", "counter", ("table", "reason"), "Shard processes that died and were restarted."
)

# Of each shard, with metricsPerShard = true.
SHARD_LAG_SECONDS = _metric("shard_lag_seconds", "gauge", _SHARD, "The age of the oldest record that is not done.")
SHARD_BLOCKED_SECONDS = _metric("shard_blocked_seconds", "gauge", _SHARD, "How long the shard has been blocked.")
SHARD_PENDING_RECORDS = _metric("shard_pending_records", "gauge", _SHARD, "Records that were read and are not done.")
SHARD_UNSAVED_SECONDS = _metric(
    "shard_checkpoint_age_seconds", "gauge", _SHARD, "How long something has been waiting for a checkpoint."
)
SHARD_RESTARTS = _metric(
    "shard_restarts", "gauge", _SHARD, "How often its process died in a row without lasting progress."
)

# Of the worker.
INFO = _metric("info", "gauge", ("application", "worker", "host", "version"), "Always 1; its labels say who this is.")
START_TIME = _metric("start_time_seconds", "gauge", (), "When the worker was started, since the epoch.")
CPU_CORES = _metric("cpu_cores", "gauge", (), "How many cores all processes of the worker keep busy.")
MEMORY_BYTES = _metric("memory_bytes", "gauge", (), "The memory of all processes of the worker; shared memory once.")
LEADER = _metric("leader", "gauge", ("application",), "1 if this worker is the one that assigns leases.")
LEASES_HELD = _metric("leases_held", "gauge", (), "Leases of this worker.")
LEASES_LATE = _metric("leases_late", "gauge", (), "Leases that were not renewed in time: their shards pause.")
LEASES_LOST = _metric("leases_lost_total", "counter", (), "Leases that another worker took before they were renewed.")
RENEWAL_AGE = _metric("lease_renewal_age_seconds", "gauge", (), "How long ago a renewal of any lease last succeeded.")
FORKER = _metric("forker_running", "gauge", (), "1 if there is a process from which shard processes are forked.")
JVM_UP = _metric("jvm_up", "gauge", (), "1 if the JVM has said in the last seconds that it lives.")
JVM_USED = _metric("jvm_memory_used_bytes", "gauge", ("area",), "Memory that the JVM uses.")
JVM_COMMITTED = _metric("jvm_memory_committed_bytes", "gauge", ("area",), "Memory that the JVM has from the system.")
JVM_MAX = _metric("jvm_memory_max_bytes", "gauge", ("area",), "Memory that the JVM may use; none if it has no limit.")
JVM_COLLECTIONS = _metric("jvm_gc_collections_total", "counter", ("collector",), "Garbage collections of the JVM.")
JVM_GC_SECONDS = _metric("jvm_gc_seconds_total", "counter", ("collector",), "The time of the JVM's collections.")
JVM_THREADS = _metric("jvm_threads", "gauge", (), "Threads of the JVM.")

ALL = tuple(
    one
    for value in list(globals().values())
    for one in (value if isinstance(value, tuple) and not isinstance(value, Metric) else (value,))
    if isinstance(one, Metric)
)
