"""The properties that say how leases are kept and shared out."""

from __future__ import annotations

from record_processor.config.choices import BalanceLeasesBy, StreamMode
from record_processor.config.property_key import choice, flag, integer, number, text

# KCL's 20 s of assignment and 30 s of metrics make starts and takeovers slow.
LEASES = (
    choice(
        "streamMode",
        "The form of the lease table: for one stream (single), for several (multi), or the one that is there, else the "
        "one that the number of streams asks for (auto). If a second table may come, start with multi.",
        StreamMode,
        StreamMode.AUTO,
        ours=True,
    ),
    integer(
        "failoverTimeMillis",
        "How long a lease lasts without a renewal, in milliseconds. After it no action call starts on the shard, and "
        "another worker may take the lease.",
        10_000,
        1_000,
    ),
    integer("leaseAssignmentIntervalMillis", "How often the leader assigns leases, in milliseconds.", 1_000, 200),
    integer(
        "workerMetricsReporterFreqInMillis",
        "How often a worker reports that it is alive and how busy it is, in milliseconds.",
        1_000,
        1_000,
    ),
    integer(
        "maxLeasesForWorker",
        "The most leases that one worker holds. The leader applies its own value to every worker, so use the same for "
        "all. If all workers together may hold fewer than there are shards, some are not read. Default: no limit.",
        minimum=1,
    ),
    # KCL runs a quarter of them, 5 by default: with a slow lease table 64 leases would be renewed one after another.
    integer(
        "maxLeaseRenewalThreads",
        "KCL's threads that read newly assigned leases, of which a quarter run at a time. Renewals need none of them.",
        32,
        minimum=1,
    ),
    flag("cleanupLeasesUponShardCompletion", "Whether KCL deletes the leases of shards that are done."),
    flag("ignoreUnexpectedChildShards", "Whether KCL tolerates child shards whose parents are still open."),
    flag("isGracefulLeaseHandoffEnabled", "Whether a live worker finishes its records before a handoff."),
    integer("gracefulLeaseHandoffTimeoutMillis", "How long a graceful handoff may take, in milliseconds."),
    choice(
        "balanceLeasesBy",
        "How the leader shares leases out: evenly by number, or by traffic and CPU as KCL does it.",
        BalanceLeasesBy,
        BalanceLeasesBy.NUMBER,
        ours=True,
    ),
    # A worker gets no lease before its first metrics, and those need two captures.
    integer(
        "inMemoryWorkerMetricsCaptureFrequencyMillis",
        "How often a worker measures how busy it is, in milliseconds.",
        250,
        1,
    ),
    integer("noOfPersistedMetricsPerWorkerMetrics", "How many measurements KCL keeps per worker.", minimum=1),
    flag("disableWorkerMetrics", "Whether KCL ignores CPU when it balances. Default: true when it balances by number."),
    number("maxThroughputPerHostKBps", "The traffic that KCL gives a worker at most, in KB per second."),
    integer("dampeningPercentage", "How much of a difference KCL evens out per round. Default by number: 100."),
    integer("reBalanceThresholdPercentage", "KCL balances if a worker is this far from the average, in percent."),
    flag(
        "allowThroughputOvershoot",
        "Whether KCL may move a lease even if that moves more traffic than it wants to move in this round.",
    ),
    integer(
        "varianceBalancingFrequency",
        "KCL balances in every n-th round of assignments. Default by number: often enough for moves to end in between.",
    ),
    number("workerMetricsEMAAlpha", "The weight of new measurements in KCL's moving average, from 0 to 1."),
    text(
        "staleWorkerMetricsEntryCleanupDuration", "The age at which KCL deletes measurements of workers that are gone."
    ),
)
