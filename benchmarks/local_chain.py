"""A chain of 100 steps on this machine, run again and again: `runner run` against a plain loop of the same scripts.

The step's script is edited before each run, so that no step is reused, and all runs of a round are made in one folder,
as people do. Wall time from exec to exit with nothing configured (journal, private copies, captured logs and committed
outputs included), against `subprocess.run` of the same script on the same files, one after the other, and against
`make` where it is installed. Runs of all are interleaved. Processor time is that of all processes, the controller's
included; a busy machine changes it less than wall time. A last run, which is not timed, counts the inodes that are made
and freed below the workspace's folder (see `tests/support/inode_watch`).

    python benchmarks/local_chain.py [--length 100] [--runs 5] [--rounds 1] [--below FOLDER]
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from measure import RUNNER, bare_environ, ratio, run, table
from project import write_chain

BAR = 1.4
INODES = 8
"""The most inodes that a step may make, the user's output and its folder included."""
WATCH = Path(__file__).parents[1] / "tests" / "support" / "inode_watch"
_SET_CHILD_SUBREAPER = 36
"""See prctl(2)."""


def ours(folder: Path, _length: int, more: Mapping[str, str] | None = None) -> None:
    """Run the chain by `runner run`."""
    run([RUNNER, "run", "driver.py"], cwd=folder, environ={**bare_environ(), **(more or {})})


def loop(folder: Path, length: int) -> None:
    """Run the chain by a plain loop."""
    environ = dict(bare_environ())
    given: list[str] = []
    for number in range(length):
        out = str(folder / f"out{number}")
        subprocess.run([sys.executable, "steps/step.py", *given, out], cwd=folder, env=environ, check=True)
        given = [out]


def make(folder: Path, length: int) -> None:
    """Run the chain by make, which keeps neither logs nor earlier outputs."""
    rules = ["all: out" + str(length - 1)]
    for number in range(length):
        given = f"out{number - 1}" if number else ""
        rules.append(f"out{number}: steps/step.py {given}\n\t{sys.executable} steps/step.py {given} out{number}")
    (folder / "Makefile").write_text("\n".join(rules) + "\n")
    run(["make", "--silent"], cwd=folder, environ=bare_environ())


SIDES: Mapping[str, Callable[[Path, int], None]] = {
    "runner run": ours,
    "subprocess.run loop": loop,
    **({"make": make} if shutil.which("make") else {}),
}


def edit(folder: Path, number: int) -> None:
    """Change the script of all steps, so that none is reused."""
    with (folder / "steps" / "step.py").open("a") as file:
        file.write(f"# edit {number}\n")


def processor() -> float:
    """Return the seconds of processor time of all processes that this one has started and that have ended."""
    while True:  # a controller ends a moment after its run
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(work: Callable[[Path, int], None], folder: Path, length: int) -> tuple[float, float]:
    """Return the seconds of wall time and of processor time."""
    before, started = processor(), time.perf_counter()
    work(folder, length)
    return time.perf_counter() - started, processor() - before


def measured(folder: Path, length: int, runs: int) -> dict[str, list[tuple[float, float]]]:
    """Run each side again and again in a folder of its own below `folder`."""
    for name in SIDES:
        (folder / name).mkdir(parents=True)
        write_chain(folder / name, length)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in SIDES}
    for number in range(runs):
        for name, work in SIDES.items():
            edit(folder / name, number)
            found[name].append(timed(work, folder / name, length))
    return found


def inodes(folder: Path, length: int) -> Mapping[str, int]:
    """Count the inodes that one more run makes and frees."""
    edit(folder, -1)
    log = folder / "inodes"
    ours(
        folder,
        length,
        {"PYTHONPATH": str(WATCH), "INODE_WATCH": str(folder / ".runner"), "INODE_WATCH_LOG": str(log)},
    )
    return Counter(line.split(" ")[0] for line in log.read_text().splitlines())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5, help="in one folder")
    parser.add_argument("--rounds", type=int, default=1, help="how often, in new folders each time")
    parser.add_argument("--below", help="a folder of the file system to measure (default: the one for temporary files)")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(dir=options.below) as name:
        folders = [Path(name, str(number)) for number in range(options.rounds)]
        found = [measured(folder, options.length, options.runs) for folder in folders]
        counted = inodes(folders[-1] / "runner run", options.length)
    pairs = {side: [pair for one in found for pair in one[side]] for side in SIDES}
    for column, what in enumerate(("wall", "processor")):
        title = f"chain of {options.length}, local, {options.runs} times in one folder, {what} time"
        table(title, "s", {side: [pair[column] for pair in several] for side, several in pairs.items()})
    mine, theirs = ([pair[0] for pair in pairs[side]] for side in ("runner run", "subprocess.run loop"))
    ratio(mine, theirs, BAR)
    cost = median(a[1] / b[1] for a, b in zip(pairs["runner run"], pairs["subprocess.run loop"], strict=True))
    print(f"median of the pairs' ratios of processor time: {cost:.2f}")
    made, freed = counted["made"] / options.length, counted["freed"] / options.length
    print(f"inodes a step, with a share of the run's own: {made:.2f} made (bar: {INODES}), {freed:.2f} freed (bar: 0)")


if __name__ == "__main__":
    main()
