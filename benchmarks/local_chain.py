"""A chain of 100 steps on this machine: `runner run` against a plain loop of the same scripts.

Wall time from exec to exit in a fresh workspace, with nothing configured (journal, private copies,
captured logs and committed outputs included), against `subprocess.run` of the same script on the
same files, one after the other. Pairs are interleaved.

    python benchmarks/local_chain.py [--length 100] [--rounds 5]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import RUNNER, bare_environ, ratio, table, wall
from project import write_chain

BAR = 1.3


def ours(folder: Path, length: int) -> float:
    """Seconds of `runner run` in a fresh folder."""
    driver = write_chain(folder, length)
    return wall([RUNNER, "run", driver.name], cwd=folder, environ=bare_environ())


def loop(folder: Path, length: int) -> float:
    """Seconds of the plain loop in a fresh folder."""
    write_chain(folder, length)
    environ = bare_environ()
    started = time.perf_counter()
    given: list[str] = []
    for number in range(length):
        out = str(folder / f"out{number}")
        subprocess.run([sys.executable, "steps/step.py", *given, out], cwd=folder, env=dict(environ), check=True)
        given = [out]
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    # Nothing is deleted between rounds: ext4 avoids inodes that were freed moments ago, and every new file
    # then costs a millisecond.
    with tempfile.TemporaryDirectory() as name:
        rounds = [(Path(name, f"ours{n}"), Path(name, f"loop{n}")) for n in range(options.rounds)]
        for folder in (folder for pair in rounds for folder in pair):
            folder.mkdir()
        pairs = [(ours(mine, options.length), loop(theirs, options.length)) for mine, theirs in rounds]
    mine, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    table(f"chain of {options.length}, local", "s", {"runner run": mine, "subprocess.run loop": theirs})
    ratio(mine, theirs, BAR)


if __name__ == "__main__":
    main()
