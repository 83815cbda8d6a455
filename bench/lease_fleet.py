"""The leases' traffic of a large fleet, in simulated time: `python -m bench.lease_fleet`.

1,000 workers and 10,000 shards over tables in memory (`lease_fleet_java/`). Our own code is the real one: who watches
the leader's lock and when, what happens to a dead leader's leases, when a worker looks for new ones. KCL's calls around
it are replayed. "before" has the reads of the lock and of the index that KCL makes, and every worker watching.

It prints calls and read units per table for a minute in which nothing happens, the most units that one key was asked
for in a second, and the times until a new leader is there and until all shards of the workers that left have a new
worker. "Two lead" is for how long two workers believed to lead; "looking" is how many watched a dead leader's leases.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from record_processor.host import jvm
from record_processor.host.find_java import find_java

_SOURCES = Path(__file__).parent / "lease_fleet_java"
_NO_LOG = "-DrecordProcessor.kclLogLevel=off"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--shards", type=int, default=10_000)
    parser.add_argument("--failover-millis", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=9, help="of each thing that happens (default: 9)")
    options = parser.parse_args()
    class_path = ":".join(jvm.jars())
    with tempfile.TemporaryDirectory() as classes:
        sources = [str(source) for source in sorted(_SOURCES.glob("*.java"))]
        subprocess.run(["javac", "-d", classes, "-cp", class_path, *sources], check=True)
        size = [options.workers, options.shards, options.failover_millis, options.runs]
        program = [find_java(), _NO_LOG, "-cp", f"{classes}:{class_path}", "recordprocessor.failover.Fleet"]
        subprocess.run([*program, *map(str, size)], check=True)


if __name__ == "__main__":
    main()
