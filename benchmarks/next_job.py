"""From the end of a step's container to the request that makes the next step's Job: our own part, over a fake server.

`--chains` chains run side by side over a fake API server whose watch tells of a change after 10 ms and whose POST takes
10 ms, and a store whose every answer takes 5 ms (`fake_server.py`). Beside it: requests a step costs, to the API server
and to the store. On a real cluster: `kind_latency.py`.

    python benchmarks/next_job.py [--chains 10] [--length 20]
"""

from __future__ import annotations

import argparse
import sys
from statistics import quantiles

from controllers import Cluster, controller, submit
from fake_server import FakeServer
from fakes import BenchStore, plan_of, step
from runner.model.plan import Plan
from runner.model.status import RunStatus

P50, P99 = 0.1, 0.5
CALLS = 4
_ANSWER = 0.005
_STEP_SECONDS = 0.5


def chains(many: int, length: int) -> Plan:
    """Chains that need nothing of one another."""
    steps = [step(number, [number - many] if number >= many else []) for number in range(many * length)]
    return plan_of(steps)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", type=int, default=10)
    parser.add_argument("--length", type=int, default=20)
    options = parser.parse_args()
    store = BenchStore()
    plan = chains(options.chains, options.length)
    submit(store, plan)
    before = sum(store.calls.values())
    server = FakeServer(store, _STEP_SECONDS)
    cluster = Cluster(store, server, 10 * options.chains)
    store.seconds = _ANSWER
    driven = controller(store, cluster.target())
    driven.take("host", 1)
    if driven.drive() is not RunStatus.SUCCEEDED:
        sys.exit("the run did not succeed")
    server.close()
    pairs = [(need, one.key) for one in plan.steps for need in one.needs]
    taken = quantiles([server.posted[key] - server.ended[need] for need, key in pairs], n=100)
    print(f"\n{options.chains} chains of {options.length} side by side, step end to next Job:")
    for name, value, bar in (("p50", taken[49], P50), ("p99", taken[98], P99)):
        print(f"{name} {1000 * value:.0f} ms (bar: {1000 * bar:.0f}; {'met' if value <= bar else 'MISSED'})")
    calls = sum(server.calls.values()) / len(plan.steps)
    print(f"API requests a step: {calls:.2f} (bar: {CALLS}; {'met' if calls <= CALLS else 'MISSED'})", end=" ")
    print(dict(server.calls))
    # What the step's own side asks of the store goes through the same one: four requests, see `FakeServer._end`.
    print(f"store requests a step: {(sum(store.calls.values()) - before) / len(plan.steps):.2f}", dict(store.calls))


if __name__ == "__main__":
    main()
