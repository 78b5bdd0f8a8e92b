"""Nothing that was acknowledged is ever lost: `kill -9` at random moments of everything that writes.

    python -m benchmarks.kills --kills 200 --seed 1 [--toy] [--keep FOLDER]

A child process imports, updates, removes, … and writes a line to a pipe whenever the product says that something is
safe. The parent kills it: after a random time, at the sight of a random change in the directory, at a random word of
the child, or right before the child's own n-th file operation. Then everything is compared with what had been
acknowledged (`benchmarks.kills.check`), the same operation is run again, and everything is compared with what it should
have come to.

Kill number i has the seed N + i: `--kills 1 --seed N+i` makes the same plan again. The moment of a kill by time or by
sight still differs by what the machine does besides: repeat it some times.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from dataclasses import astuple
from pathlib import Path

from benchmarks.kills.child import child
from benchmarks.kills.harness import Line, run


def main() -> None:
    """Kill, print the table, and fail if anything did not hold."""
    parser = argparse.ArgumentParser(description="Kills Paperkin at random moments and sees whether anything is lost.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the first kill; the next ones follow it")
    parser.add_argument("--toy", action="store_true", help="the encoder of the tests instead of the real one")
    parser.add_argument("--keep", type=Path, help="folder for copies of the directories of kills that failed")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(toy=given.toy)
        return
    logging.disable(logging.WARNING)  # that indexes were made anew is what is wanted here
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        table = run(given.kills, given.seed, Path(place), toy=given.toy, keep=given.keep)
    print("| operation | kills | before | within | after | in the gap | left half-made files | failures |")
    print("|---|---|---|---|---|---|---|---|")
    for name, line in [*table.items(), ("all", Line(*map(sum, zip(*map(astuple, table.values()), strict=True))))]:
        print(f"| {name} | {' | '.join(map(str, astuple(line)))} |")
    print(f"seeds {given.seed} to {given.seed + given.kills - 1}, {time.perf_counter() - start:.0f} s")
    sys.exit(any(line.failures for line in table.values()))


if __name__ == "__main__":
    main()
