"""A whole workspace in memory that starts no controllers, for tests of the server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from runner.data import packing, registry, snapshot
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan, Submission
from runner.model.published import EndpointRecord, PublishedRecord, Status
from runner.model.step import InputSpec, ParameterValue
from runner.operations.published import endpoints, pipelines
from runner.override import override
from runner.ports import ComputeTarget, EnvironmentStore
from runner.runs import plans
from runner.wiring.configuration import load
from runner.wiring.workspace import OpenWorkspace
from tests.support import builders
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending, FakeTarget, World
from tests.support.memory_store import MemoryStore

TRAIN = "11111111-1111-4111-8111-111111111111"
IDLE = "22222222-2222-4222-8222-222222222222"
"""A published pipeline that is disabled."""
HERE = DatastorePath("workspaceblobstore", "raw/1")
NOW = datetime(2026, 11, 29, tzinfo=timezone.utc)


@dataclass(kw_only=True)
class ServedSession(OpenWorkspace):
    """Starts no controllers, and makes environments in memory."""

    started: list[str] = field(default_factory=list)

    @override
    def start_controller(self, run: str) -> None:
        self.started.append(run)

    @override
    def environments(self, name: str) -> EnvironmentStore:  # noqa: ARG002 - there is one target
        return FakeEnvironments()

    @override
    def candidate(self, name: str) -> ComputeTarget:
        return FakeTarget(name, World(MemoryStore(), lambda _task: (Ending.SUCCEEDS, 1)))


class ServedWorkspace:
    """One store with published pipelines; a session of it for each thread."""

    def __init__(self, folder: Path) -> None:
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "script.py").write_text("print(1)", encoding="utf-8")
        self.store = MemoryStore()
        self.started: list[str] = []
        self._config = load(folder, {"RUNNER_CONFIG": str(folder / "none")})
        table = DatasetDefinition(kind="tabular", paths=(HERE,), format="delimited")
        step = builders.step(
            "a",
            snapshot=packing.keep(self.store, snapshot.take(folder / "src")),
            command=("python", "script.py", ParameterValue("epochs"), ParameterValue("rate")),
            inputs=(
                InputSpec(name="raw", source=HERE, parameter="where"),
                InputSpec(name="table", source=table, parameter="table"),
            ),
            compute="local",
        )
        environment = NamedEnvironment(builders.ENVIRONMENT, EnvironmentSpec())
        self.plan = builders.plan(
            step, environments={builders.ENVIRONMENT: environment}, parameters={"epochs": 3, "rate": 0.5, "name": "x"}
        )
        session = self.opened()
        _ = session.store_id
        self.record = self._published(TRAIN, "train", Status.ACTIVE)
        self._published(IDLE, "idle", Status.DISABLED)
        self.endpoint = endpoints.publish(self.store, "Nightly one", TRAIN)
        endpoints.add(self.store, self.endpoint.id, IDLE)
        other = replace(table, paths=(DatastorePath("workspaceblobstore", "raw/2"),))
        made = registry.register(self.store, "rows", registry.Registration(other), new_version=False)
        self.dataset = made.definition.id

    def opened(self) -> ServedSession:
        session = ServedSession(config=self._config, notify=lambda _line: None, started=self.started)
        session.base_store = self.store
        return session

    def submissions(self) -> dict[str, Submission]:
        session = self.opened()
        found = {run: session.view(run).state.submission for run in session.runs()}
        return {run: made for run, made in found.items() if made is not None}

    def plan_of(self, made: Submission) -> Plan:
        return plans.load(self.store, made.plan)

    def disable_endpoint(self) -> EndpointRecord:
        return endpoints.set_status(self.store, self.endpoint.id, Status.DISABLED)

    def _published(self, identity: str, name: str, status: Status) -> PublishedRecord:
        record = PublishedRecord(
            id=identity, name=name, plan=plans.save(self.store, self.plan), status=status, created=NOW
        )
        pipelines.create(self.store, record)
        return record
