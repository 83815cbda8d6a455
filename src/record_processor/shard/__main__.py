"""`python -m record_processor.shard`: one shard process. With `--forker`: the process that forks them.

Both are started by the JVM.
"""

from __future__ import annotations

import sys

# A handler's `multiprocessing` may import this module again, in a process of its own.
if __name__ == "__main__":
    if sys.argv[1:] == ["--forker"]:
        from record_processor.shard import forker

        forker.main()
    from record_processor.shard import process

    process.main()
