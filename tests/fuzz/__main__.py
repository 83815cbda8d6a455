"""`scripts/fuzz`: every target, or one, for as long as one likes."""

from __future__ import annotations

import argparse
import faulthandler
import resource
import sys

from tests.fuzz.bounds import SECONDS
from tests.fuzz.fuzzer import Outcome, fuzz, run_case
from tests.fuzz.targets import TARGETS

_LARGEST_BYTES = 4 << 30


def main() -> int:
    options = _options()
    # Whatever goes wrong, this machine stays usable, and code that keeps the interpreter's lock is named in the end.
    resource.setrlimit(resource.RLIMIT_AS, (_LARGEST_BYTES, _LARGEST_BYTES))
    faulthandler.enable()
    names = [options.target] if options.target else list(TARGETS)
    found = 0
    for name in names:
        outcome = Outcome()
        if options.case is None:
            faulthandler.dump_traceback_later(options.minutes * 60 + 20 * SECONDS, exit=True)
            outcome = fuzz(name, TARGETS[name], options.seed, options.minutes * 60 / len(names))
            faulthandler.cancel_dump_traceback_later()
        else:
            run_case(name, TARGETS[name], options.seed, options.case, outcome)
        print(f"{name}: {outcome.results} results, {outcome.refusals} refusals, {len(outcome.findings)} findings")
        for finding in outcome.findings.values():
            print(f"\n{finding}")
        found += len(outcome.findings)
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1, help="in all")
    parser.add_argument("--seed", type=int, default=1, help="the same inputs for the same seed")
    parser.add_argument("--target", choices=TARGETS, help="one of them alone")
    parser.add_argument("--case", type=int, help="one input alone, by its number")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
