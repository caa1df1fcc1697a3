"""A controller that starts anew finds 1,000 live Jobs: from its first look at the store until it has adopted all.

Over a fake API server that takes its time (`fake_server.py`: a list of 1,000 Jobs 0.3 s, a request 5 to 10 ms) and a
store whose every answer takes 5 ms. Counted from the first request to the end of the first tick after which no Job is
unknown; what starting an interpreter and importing takes is in `start.py`. No Job may be made a second time.

    python benchmarks/readopt.py [--jobs 1000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import sys
import time

from controllers import Cluster, controller, submit
from fake_server import FakeServer
from fakes import RUN, BenchStore, fan
from measure import table
from runner.control.loop import Controller
from runner.model.status import StepStatus

BAR = 3.0
_ANSWER = 0.005


def live_run(jobs: int) -> Cluster:
    """A run of which every step has a running Job, and whose controller is gone."""
    store = BenchStore()
    cluster = Cluster(store, FakeServer(store), jobs)
    submit(store, fan(jobs))
    target = cluster.target()
    first = controller(store, target, "first")
    first.take("host", 1)
    while first.state.step_counts.count.get(StepStatus.RUNNING, 0) < jobs:
        first.tick()
        target.wait(0.2)
    first.effects.close()
    store.seconds = _ANSWER
    return cluster


def readopt(cluster: Cluster, jobs: int, name: str) -> tuple[float, float]:
    """Seconds until a new controller knows all Jobs, and this process's processor seconds meanwhile."""
    made = cluster.server.calls["create jobs"]
    started, used = time.perf_counter(), time.process_time()
    second: Controller = controller(cluster.store, cluster.target(), name)
    second.take("host", 2)
    second.tick()
    took, used = time.perf_counter() - started, time.process_time() - used
    known = second.effects.targets["fake"].observe(RUN)
    if len(known) != jobs or cluster.server.calls["create jobs"] != made:
        sys.exit(f"{len(known)} of {jobs} Jobs were adopted")
    second.effects.close()
    return took, used


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cluster = live_run(options.jobs)
    pairs = [readopt(cluster, options.jobs, f"c{number}") for number in range(options.rounds)]
    taken, used = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    columns = {"until all are adopted": taken, "processor time of it, the fake's included": used}
    table(f"{options.jobs} live Jobs, taken over", "s", columns)
    print(f"\nat most {BAR} s; {'met' if max(taken) <= BAR else 'MISSED'}; requests: {dict(cluster.server.calls)}")


if __name__ == "__main__":
    main()
