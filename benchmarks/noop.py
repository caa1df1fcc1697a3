"""Running again what has been run: a chain whose every step is reused, against `runner --help`.

Wall time from exec to exit of the second `runner run` in the same workspace, with nothing changed: the driver is
executed, the folders are hashed, every step's equal is looked up and its outputs are checked. Pairs are interleaved.

    python benchmarks/noop.py [--lengths 10 100] [--rounds 7]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from measure import RUNNER, bare_environ, table, wall
from project import write_chain

BAR = 0.3


def again(folder: Path, name: str) -> float:
    """Seconds of a run that has nothing to do."""
    return wall([RUNNER, "run", name], cwd=folder, environ=bare_environ())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for length in options.lengths:
            folder = Path(name, str(length))
            folder.mkdir()
            driver = write_chain(folder, length).name
            again(folder, driver)
            mine, least = [], []
            for _ in range(options.rounds):
                mine.append(again(folder, driver))
                least.append(wall([RUNNER, "--help"], cwd=folder, environ=bare_environ()))
            table(f"chain of {length}, nothing to do", "s", {"runner run": mine, "runner --help": least})
            over = statistics.median(mine) - statistics.median(least)
            print(f"over runner --help: {over:.3f} s (bar: {BAR}; {'met' if over <= BAR else 'MISSED'})\n")


if __name__ == "__main__":
    main()
