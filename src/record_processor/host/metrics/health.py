"""Whether a worker should be restarted (its health), and whether it works (it is ready).

A record that is blocked, a table that is away and a crash loop are no reason to restart a worker: the next one would
find the same, and the shards would wait for their leases.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from record_processor.host.metrics.figures import Figures

START_SECONDS = 120.0
"""So long a JVM may take until it says something."""
SILENT_SECONDS = 60.0
"""A JVM that has said nothing for so long hangs: it says something every second."""
FORKER_GONE_SECONDS = 60.0
RENEWAL_SECONDS = 300.0
"""A lease table that is away for less is waited for."""
_FAILOVERS = 10


class Life(NamedTuple):
    """What the parent process knows of its JVM."""

    begun_at: float | None
    """When it was started (seconds since the epoch); None: there is none."""
    failover_seconds: float


def ill(figures: Figures, life: Life) -> list[str]:
    """Return what is wrong with the worker; nothing if it is healthy."""
    if life.begun_at is None:
        return ["the JVM has ended"]
    return [said for said in (_silent(figures, life), _forker(figures), _renewals(figures, life)) if said]


def unready(figures: Figures, life: Life) -> list[str]:
    """Return why the worker does not work; nothing if it does."""
    jvm = figures.jvm
    if life.begun_at is None or jvm is None or jvm.at < life.begun_at:
        return ["the JVM is being started"]
    if not jvm.is_fresh:
        return [f"the JVM has said nothing for {time.time() - jvm.at:.0f} s"]
    if jvm.is_stopping:
        return ["the worker is stopping"]
    return [] if jvm.is_running else ["KCL is being initialized"]


def _silent(figures: Figures, life: Life) -> str | None:
    begun_at = life.begun_at or 0.0
    if figures.jvm is None or figures.jvm.at < begun_at:
        seconds = time.time() - begun_at
        return f"the JVM was started {seconds:.0f} s ago and has said nothing" if seconds > START_SECONDS else None
    seconds = time.time() - figures.jvm.at
    return f"the JVM has said nothing for {seconds:.0f} s" if seconds > SILENT_SECONDS else None


def _forker(figures: Figures) -> str | None:
    jvm = figures.jvm
    gone = jvm.forker_gone_seconds if jvm is not None and jvm.forks and jvm.leases_held else None
    # It is started again when a shard process is: if some run, none is missing.
    if gone is None or gone < FORKER_GONE_SECONDS or any(shard.is_running for shard in figures.shards):
        return None
    return f"there has been no process to fork shard processes from for {gone:.0f} s"


def _renewals(figures: Figures, life: Life) -> str | None:
    jvm = figures.jvm
    longest = max(RENEWAL_SECONDS, _FAILOVERS * life.failover_seconds)
    if jvm is None or not jvm.leases_held or jvm.renewed_seconds_ago is None or jvm.renewed_seconds_ago <= longest:
        return None
    return f"no renewal of a lease has succeeded for {jvm.renewed_seconds_ago:.0f} s"
