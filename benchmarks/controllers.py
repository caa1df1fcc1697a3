"""Controllers of one run over the fakes, for the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

from fake_server import FakeServer
from fakes import RUN, TARGET, BenchStore, Now, ReadyEnvironments, submission
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.control.act import Effects
from runner.control.loop import Controller
from runner.control.progress import progress_of
from runner.model import events as e
from runner.model.access import Access
from runner.model.plan import Plan
from runner.ports import ComputeTarget
from runner.runs import journal, plans


def submit(store: BenchStore, plan: Plan) -> None:
    """Store the plan and journal the run's first event."""
    digest = plans.save(store, plan)
    journal.Writer(store, RUN, "submit", 0).append([e.RunSubmitted(submission(plan, digest))], Now().now())


def controller(store: BenchStore, target: ComputeTarget, name: str = "c") -> Controller:
    """A new process's: it knows what the journal says."""
    found = plans.replay(store, RUN)
    if found is None:
        raise LookupError(RUN)
    plan, state = found
    environments = {TARGET: ReadyEnvironments()}
    effects = Effects(
        store=store,
        datastores=lambda _: store,
        targets={TARGET: target},
        environments=environments,
        clock=Now(),
        notify=print,
    )
    return Controller(
        progress=progress_of(plan, state), effects=effects, writer=journal.Writer(store, RUN, name, state.number)
    )


@dataclass
class Cluster:
    """A server in memory and what a controller knows of it."""

    store: BenchStore
    server: FakeServer
    capacity: int

    def target(self) -> KubernetesTarget:
        """A new process's view of it."""
        settings = ClusterSettings(store_id="benchmark")
        return KubernetesTarget(
            TARGET,
            self.server,
            settings,
            store=self.store,
            step_stores=lambda _: {Access(): "{}"},
            step_archive=b"archive",
            capacity=self.capacity,
        )
