"""Requests of a controller to the API server for one step with few and with many workers, on a kind cluster.

The controller runs in this process, and each request of its client is counted. The script of a worker sleeps.

    runner cluster up && python benchmarks/kind_workers.py [--nodes 4 16] [--seconds 10] [--image python:3.11-slim]
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from runner.compute.kubernetes.connection import Connection
from runner.controller import drive
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.resources import Resources
from runner.model.status import RunStatus
from runner.model.step import Interpreter, StepSpec
from runner.model.workers import WorkerKind, Workers
from runner.operations.values import Request
from runner.runs import journal
from runner.wiring import OpenWorkspace, open_session
from runner.wiring.launching import Launcher

_KIND = re.compile(r"/namespaces/[^/]+/([a-z]+)")


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the requests of every client of an API server in this process."""
    calls: Counter[str] = Counter()
    real = Connection.request

    def request(self: Connection, method: str, path: str, *arguments: Any, **named: Any) -> Any:
        kind = _KIND.search(path)
        verb = "WATCH" if "watch=true" in path else method
        calls[f"{verb} {kind[1] if kind else path.partition('?')[0]}"] += 1
        return real(self, method, path, *arguments, **named)

    with patch.object(Connection, "request", request):
        yield calls


def plan_of(folder: Path, workers: Workers, seconds: float, image: str) -> Plan:
    """One step whose workers sleep."""
    (folder / "code").mkdir(exist_ok=True)
    (folder / "code" / "work.py").write_text(f"import time\ntime.sleep({seconds})\n")
    step = StepSpec(
        key="work-1",
        name="work",
        command=(Interpreter(), "work.py"),
        environment=image,
        compute="c",
        source=str(folder / "code"),
        script="work.py",
        workers=workers,
        resources=Resources(cpu="10m", memory="32Mi"),
    )
    return Plan(steps=(step,), environments={image: NamedEnvironment(image, EnvironmentSpec(image=image, ready=True))})


def measured(session: OpenWorkspace, plan: Plan) -> tuple[Counter[str], float, int]:
    """Run a plan; the requests, the seconds, and the bytes of its journal."""
    with patch.object(OpenWorkspace, "see_to_controller", lambda _self, _run: None):
        run = session.submit(plan, Request(experiment="workers", regenerate_outputs=True))
    begun = time.monotonic()
    with counted() as calls:
        state = drive(session, run, launcher=Launcher(lambda: session))
    if state.status is not RunStatus.SUCCEEDED:
        sys.exit(f"run {run} did not succeed")
    entries = (session.store.get(journal.entry_key(run, number)) for number in range(1, state.number + 1))
    return calls, time.monotonic() - begun, sum(map(len, entries))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="+", default=[4, 16])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--image", default="python:3.11-slim")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for kind in WorkerKind:
            for nodes in options.nodes:
                workers = Workers(kind=kind, nodes=nodes, processes=1)
                plan = plan_of(Path(name), workers, options.seconds, options.image)
                calls, seconds, size = measured(open_session(Path(name), "kind"), plan)
                print(f"{kind.value} of {nodes}: {sum(calls.values())} requests, {seconds:.0f} s, journal {size} bytes")
                print(f"    {dict(sorted(calls.items()))}")


if __name__ == "__main__":
    main()
