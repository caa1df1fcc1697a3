"""From the end of a step's container to its dependent's Job, on a kind cluster.

Chains side by side. The end is when the step's record says its work was over (written in the pod, milliseconds before
the container ends); the next Job is when the watch shows it. One clock, since kind's nodes share this machine's kernel.
What the kubelet and the watch take is in it. Requests a step: `next_job.py` counts them.

    runner cluster up && python benchmarks/kind_latency.py [--chains 5] [--length 10] [--image python:3.11-slim]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import Any

from kind_chain import NewJobs
from kind_target import newest, room_for
from measure import RUNNER, run
from project import write_chains
from runner.model.times import parse_time
from runner.override import override

P50, P99 = 0.1, 0.5
_SECONDS = 900


class Births(NewJobs):
    """Notes when the watch shows each new Job, by its run and step."""

    def __init__(self, jobs: Any, namespace: str) -> None:
        super().__init__(jobs, namespace, _SECONDS)
        self.seen: dict[tuple[str, str], float] = {}

    @override
    def run(self) -> None:
        """Watch for as long as the benchmark lasts."""
        for labels, at in self.births():
            self.seen.setdefault((labels["runner/run"], labels.get("runner/step", "")), at)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", type=int, default=5)
    parser.add_argument("--length", type=int, default=10)
    parser.add_argument("--image", default="python:3.11-slim")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ, target, cluster = room_for(options.chains, folder)
        births = Births(cluster.jobs, target.namespace)
        births.start()
        driver = write_chains(folder, options.chains, options.length, options.image)
        run([RUNNER, "run", driver.name, "--target", "kind"], cwd=folder, environ=environ)
        command = [RUNNER, "status", newest(folder, environ), "--target", "kind", "--json"]
        shown = json.loads(run(command, cwd=folder, environ=environ))
    ended = {step["name"]: parse_time(step["ended"]).timestamp() for step in shown["steps"]}
    keys = {step["name"]: step["key"] for step in shown["steps"]}
    taken = []
    for chain in range(options.chains):
        names = [f"link{chain}x{number}" for number in range(options.length)]
        for before, after in pairwise(names):
            born = births.seen.get((shown["run"], keys[after]))
            if born is not None:
                taken.append(born - ended[before])
    if len(taken) < 2:
        sys.exit("the watch saw too few Jobs of runner")
    cuts = quantiles(taken, n=100)
    print(f"\n{options.chains} chains of {options.length} on kind, end of a step's work to the next Job:")
    for name, value, bar in (("p50", cuts[49], P50), ("p99", cuts[98], P99)):
        print(f"{name} {1000 * value:.0f} ms (bar: {1000 * bar:.0f}; {'met' if value <= bar else 'MISSED'})")


if __name__ == "__main__":
    main()
