"""python -m tests.adversarial N [FIRST]: N services from a seed on, ten damaged files for each of
them, and what does not hold. Ends with 1 when there is something."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.adversarial.check import check
from tests.adversarial.mutations import fuzz


def main(count: int, first: int = 0) -> int:
    """Prints what is wrong, and how much was looked at; returns the exit code."""
    built, bad, applied = 0, 0, Counter[str]()
    started = time.process_time()
    with tempfile.TemporaryDirectory() as directory:
        top = Path(directory)
        for seed in range(first, first + count):
            outcome = check(seed, top)
            built += outcome.built
            applied.update(outcome.applied)
            damaged = (fuzz(number, top) for number in range(seed * 10, seed * 10 + 10))
            found = [*outcome.wrong, *(wrong for wrong in damaged if wrong)]
            bad += bool(found)
            for wrong in found:
                print(f"{seed}: {wrong}", flush=True)
    spent = time.process_time() - started
    print(f"{count} services, {built} of them start; {count * 10} damaged files; {bad} seeds with")
    print(f"something wrong; safe changes: {dict(applied.most_common())}; {spent:.0f} s of CPU")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
