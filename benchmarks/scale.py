"""How the controller's cost grows with the number of steps, 10 to 10,000, over a target and a store in memory.

Each size runs in a process of its own: the plan is built, locked and stored, a controller drives the run to its end
(the target ends what was started at the next look, `--slots` at a time), and the run is read again, from its snapshot
and from its first entry. Times are processor time, which a busy machine does not lengthen. Memory is the whole
process's, with the store in it.

    python benchmarks/scale.py [--shape grid|chain|fan] [--steps 10 100 1000 10000] [--slots 100]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import TypeVar

import fakes
from controllers import controller, submit
from fakes import RUN, BenchStore, InstantTarget
from runner.control.loop import Controller
from runner.model.plan import Plan
from runner.model.state import begin, fold
from runner.model.status import RunStatus
from runner.operations.values import RunView
from runner.runs import journal, plans

MOST_MEBIBYTES = 300
_LONG = 10_000
"""Steps at which the memory counts."""
T = TypeVar("T")
_SHAPES: dict[str, Callable[[int], Plan]] = {"grid": fakes.grid, "chain": fakes.chain, "fan": fakes.fan}
_ROWS = {
    "plan": "plan built, locked, stored, s",
    "run": "run, s",
    "tick": "tick, median, ms",
    "tick_early": "tick in the first tenth of the run, ms",
    "tick_late": "tick in the last tenth of the run, ms",
    "step": "per step, ms",
    "resume": "plan and state read anew, s",
    "fold": "state from all entries, s",
    "gets": "objects a reader gets, up to 16 at a time",
    "memory": "memory, MiB",
    "bytes": "journal, bytes a step",
    "entries": "journal, entries",
    "requests": "store requests a step",
}


class Timed:
    """Processor seconds of what it is called with."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[[], T]) -> T:
        """What `work` returns."""
        started = time.process_time()
        done = work()
        self.seconds[name] = time.process_time() - started
        return done


class Ticks:
    """Processor seconds of every tick of a controller."""

    def __init__(self, driven: Controller) -> None:
        self.seconds: list[float] = []
        self._tick = driven.tick
        driven.tick = self._timed  # type: ignore[method-assign] # it is looked at, and does the same

    def _timed(self) -> bool:
        started = time.process_time()
        done = self._tick()
        self.seconds.append(time.process_time() - started)
        return done

    def around(self, tenth: int) -> float:
        """The median of a tenth of all."""
        size = len(self.seconds)
        return 1000 * median(self.seconds[tenth * size // 10 : max((tenth + 1) * size // 10, tenth * size // 10 + 1)])


def measured(shape: str, steps: int, slots: int) -> dict[str, float]:
    """One column of the table."""
    store, timed = BenchStore(), Timed()
    timed("plan", lambda: submit(store, _SHAPES[shape](steps)))
    before = sum(store.calls.values())
    driven = controller(store, InstantTarget(store, slots))
    ticks = Ticks(driven)
    driven.take("host", 1)
    if timed("run", driven.drive) is not RunStatus.SUCCEEDED:
        sys.exit("the run did not succeed")
    requests = sum(store.calls.values()) - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    entries = [data for key, data in store.objects.items() if "/journal/" in key]
    asked = store.calls["get"]
    view = timed("resume", lambda: _read(store))
    asked = store.calls["get"] - asked
    if timed("fold", lambda: _whole(store, view.plan)) != view.state:
        sys.exit("the snapshot tells another state than the journal")
    return {
        **timed.seconds,
        "step": 1000 * timed.seconds["run"] / steps,
        "tick": 1000 * median(ticks.seconds),
        "tick_early": ticks.around(0),
        "tick_late": ticks.around(9),
        "memory": memory,
        "bytes": sum(map(len, entries)) / steps,
        "entries": len(entries),
        "requests": requests / steps,
        "gets": asked,
    }


def _read(store: BenchStore) -> RunView:
    """What `runner status` reads of the store."""
    found = plans.replay(store, RUN)
    if found is None:
        raise LookupError(RUN)
    plan, state = found
    return RunView(state, plan)


def _whole(store: BenchStore, plan: Plan) -> object:
    return fold(begin(RUN, plan), journal.read(store, RUN))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=sorted(_SHAPES), default="grid")
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    parser.add_argument("--slots", type=int, default=100)
    parser.add_argument("--one", action="store_true", help="measure the first size in this process, print JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options.shape, options.steps[0], options.slots)))
        return
    command = [sys.executable, __file__, "--one", "--shape", options.shape, "--slots", str(options.slots), "--steps"]
    columns = [json.loads(subprocess.check_output([*command, str(steps)])) for steps in options.steps]
    print(f"\n{options.shape}, {options.slots} steps at a time\n")
    print("| what | " + " | ".join(f"{steps:,}" for steps in options.steps) + " |")
    print("| --- |" + " --- |" * len(columns))
    for name, words in _ROWS.items():
        print(f"| {words} | " + " | ".join(f"{column[name]:.4g}" for column in columns) + " |")
    if options.steps[-1] == _LONG:
        most = columns[-1]["memory"]
        print(f"\nmemory at {_LONG:,} steps: {most:.0f} MiB (bar: {MOST_MEBIBYTES}; ", end="")
        print(f"{'met' if most <= MOST_MEBIBYTES else 'MISSED'})")


if __name__ == "__main__":
    main()
