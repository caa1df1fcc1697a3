"""One step, then 50, then one that reads all of theirs, two at a time: CPU time against a plain pool.

CPU time (user + system) of every process that `runner run` starts, its controller and the steps
included: this program makes itself the subreaper (prctl(2)) and waits for them all, so Linux only.
The plain side is `subprocess.run` of the same scripts on the same files from two threads, its own
CPU time included.

    python benchmarks/local_fan.py [--width 50] [--rounds 5]
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from measure import RUNNER, bare_environ, ratio, run, table
from project import write_fan

BAR = 1.4
_PR_SET_CHILD_SUBREAPER = 36
_TWO_WORKERS = "targets:\n  cluster: {type: process, workers: 2}\n"


def cpu(who: int) -> float:
    """User and system seconds used so far."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def reap_all(seconds: float) -> None:
    """Wait until every descendant has ended, so that its time is counted."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.01)
    sys.exit(f"after {seconds:.0f} s some process of the run is still there: its CPU time would be missing")


def ours(width: int) -> float:
    """CPU seconds of `runner run` and all its descendants."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        driver = write_fan(folder, width)
        (folder / "runner.yaml").write_text(_TWO_WORKERS)
        before = cpu(resource.RUSAGE_CHILDREN)
        run([RUNNER, "run", driver.name], cwd=folder, environ=bare_environ())
        reap_all(30)
        return cpu(resource.RUSAGE_CHILDREN) - before


def pool(width: int) -> float:
    """CPU seconds of the same scripts from two threads, the threads' own included."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_fan(folder, width)
        environ = dict(bare_environ())
        middle = [str(folder / f"middle{number}") for number in range(width)]
        first, last = str(folder / "first"), str(folder / "last")

        def step(*paths: str) -> None:
            subprocess.run([sys.executable, "steps/step.py", *paths], cwd=folder, env=environ, check=True)

        before = cpu(resource.RUSAGE_CHILDREN) + cpu(resource.RUSAGE_SELF)
        step(first)
        with ThreadPoolExecutor(2) as workers:
            list(workers.map(lambda path: step(first, path), middle))
        step(*middle, last)
        return cpu(resource.RUSAGE_CHILDREN) + cpu(resource.RUSAGE_SELF) - before


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("this kernel has no subreapers: the controller's CPU time cannot be counted")
    pairs = [(ours(options.width), pool(options.width)) for _ in range(options.rounds)]
    mine, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    columns = {"runner run": mine, "subprocess.run, two threads": theirs}
    table(f"1 → {options.width} → 1, two workers, local: CPU time", "s", columns)
    ratio(mine, theirs, BAR)


if __name__ == "__main__":
    main()
