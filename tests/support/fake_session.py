"""An open workspace in memory, as the authoring API sees it: runs end the way a test says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.data import named_datastores
from runner.data.named_datastores import NamedDatastore
from runner.errors import BadInput
from runner.model import events as e
from runner.model.data import DEFAULT_DATASTORE
from runner.model.environment import NamedEnvironment
from runner.model.plan import Plan, Submission
from runner.model.published import ParameterValues, PublishedRecord
from runner.model.schedule import ScheduleRecord
from runner.model.state import begin, fold
from runner.model.status import RunStatus
from runner.operations.published import binding, pipelines
from runner.operations.published.pipelines import PublishOptions
from runner.operations.values import DEFAULT_SERVER, DatastoreFacts, Request, RunView, ServerFacts, WorkspaceFacts
from runner.ports import ObjectStore
from runner.runs import journal, plans
from runner.sdk.base import session
from runner.storage.azure_blob.address import Container

from .builders import T0, entry
from .memory_store import MemoryStore


@dataclass
class FakeSession:
    """sdk.base.session.Session over dictionaries."""

    store: MemoryStore = field(default_factory=MemoryStore)
    workspace_facts: WorkspaceFacts = field(
        default_factory=lambda: WorkspaceFacts(
            name="fake", subscription_id="sub", resource_group="group", location="here"
        )
    )
    datastores: Mapping[str, ObjectStore] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    curated: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    views: dict[str, RunView] = field(default_factory=dict)
    published: list[PublishOptions] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    log_texts: dict[tuple[str, str], str] = field(default_factory=dict)
    canceled: list[str] = field(default_factory=list)
    azure: frozenset[str] = frozenset()
    """Containers that can be read."""
    admitted: list[Container] = field(default_factory=list)
    target_in_force: str = "fake"
    seen_to: list[str] = field(default_factory=list)
    """Runs that were to get a controller unless they had one."""
    placed: list[ScheduleRecord] = field(default_factory=list)
    """Schedules that were placed, in order."""
    token: str = ""
    """The token of this machine."""

    def server_facts(self) -> ServerFacts:
        return ServerFacts(DEFAULT_SERVER, self.token)

    def datastore(self, name: str) -> ObjectStore:
        if name == DEFAULT_DATASTORE:
            return self.store
        name = named_datastores.remembered(self.store).named.get(name, NamedDatastore(name)).datastore
        if name not in self.datastores:
            known = ", ".join(self.datastore_facts())
            raise BadInput(f"there is no datastore '{name}' (known: {known})", "runner.yaml")
        return self.datastores[name]

    def datastore_facts(self) -> Mapping[str, DatastoreFacts]:
        remembered = named_datastores.remembered(self.store)
        own = DatastoreFacts(name=DEFAULT_DATASTORE, kind="workspace", place="the workspace store")
        known = {
            name: DatastoreFacts(
                name=name,
                kind="bucket",
                place=f"{name} of the fake",
                account="acct",
                container=name,
                where=f"runner.yaml: {name}",
            )
            for name in self.datastores
        }
        found = {DEFAULT_DATASTORE: own, **known}
        for name, meant in remembered.named.items():
            facts = found[meant.datastore]
            found[name] = replace(
                facts, name=name, account=meant.account, container=meant.container, configured=meant.datastore
            )
        return {remembered.default: found.pop(remembered.default), **found}

    def datastore_names(self) -> tuple[str, ...]:
        return tuple(self.datastore_facts())

    def target_names(self) -> tuple[str, ...]:
        return self.targets

    def make_environment(self, environment: NamedEnvironment) -> str:
        return f"fake:{environment.spec.digest[:16]}"

    def secret_names(self) -> tuple[str, ...]:
        return tuple(sorted(self.secrets))

    def admit_container(self, container: Container, *, tried: bool) -> None:
        if container.container not in self.azure:
            raise BadInput(f"no answer from {container.endpoint}" if tried else "not kept")
        self.admitted.append(container)

    def secret(self, name: str) -> str:
        if name not in self.secrets:
            raise BadInput(f"there is no secret '{name}'")
        return self.secrets[name]

    def curated_images(self) -> Mapping[str, str]:
        return self.curated

    def add_wheel(self, path: Path, *, exist_ok: bool) -> str:
        from runner.environments import local_wheels  # no step has it

        return local_wheels.add(self.store, path, exist_ok=exist_ok)

    def stored_line(self, line: str) -> str:
        from runner.environments import local_wheels  # no step has it

        return local_wheels.stored_line(self.store, line)

    def submit(self, plan: Plan, request: Request, run: str = "") -> str:
        run = run or f"20260102t03040{len(self.views)}678z-aaaaaaaaaaaaaaaa"
        said = Submission(
            plan=plan.digest,
            experiment=request.experiment,
            parameters=request.parameters,
            tags=request.tags,
            parent=request.parent,
            kind=request.kind,
            continue_on_step_failure=request.continue_on_step_failure,
            regenerate_outputs=request.regenerate_outputs,
            published=request.published,
            schedule=request.schedule,
            source=request.source,
        )
        state = fold(begin(run, plan), [entry(1, e.RunSubmitted(said))])
        self.views[run] = RunView(state, plan)
        self.requests.append(request)
        if request.schedule:  # whose history is read in the store
            self.store.put(journal.entry_key(run, 1), b"{}")
        return run

    def publish(self, plan: Plan, options: PublishOptions) -> PublishedRecord:
        record = PublishedRecord(
            id=f"00000000-0000-4000-8000-{len(pipelines.all_of(self.store, active_only=False)):012d}",
            name=options.name,
            version=options.version,
            description=options.description,
            plan=plans.save(self.store, replace(plan, steps=tuple(replace(step, source="") for step in plan.steps))),
            continue_on_step_failure=options.continue_on_step_failure,
            created=T0,
            origin=options.origin,
        )
        pipelines.create(self.store, record)
        self.published.append(options)
        return record

    def submit_published(
        self,
        record: PublishedRecord,
        values: ParameterValues,
        request: Request,
        *,
        run: str = "",
        ignore_unknown: bool = False,
        parse_texts: bool = False,
        continue_on_step_failure: bool | None = None,
    ) -> str:
        pipelines.refuse_inactive(pipelines.get(self.store, record.id))
        made = binding.bound(
            plans.load(self.store, record.plan),
            values,
            ignore_unknown=ignore_unknown,
            parse_texts=parse_texts,
        )
        going_on = record.continue_on_step_failure if continue_on_step_failure is None else continue_on_step_failure
        whole = replace(request, parameters=made.scalars, published=record.id, continue_on_step_failure=going_on)
        return run if run in self.views else self.submit(made.plan, whole, run)

    def see_to_controller(self, run: str) -> None:
        self.seen_to.append(run)

    def has_timer(self, record: ScheduleRecord) -> bool:  # noqa: ARG002 - its target is no cluster
        return False

    def fire_schedule(self, record: ScheduleRecord) -> None:
        from runner.operations.published import firing  # a module of the client, which steps of old Pythons lack

        firing.fire(self, record)

    def place_schedule(self, record: ScheduleRecord) -> None:
        self.placed.append(record)

    def tell(self, run: str, *events: e.Event) -> None:
        """Let something happen in a run."""
        view = self.views[run]
        state = fold(view.state, [entry(view.state.number + 1, *events)])
        self.views[run] = RunView(state, view.plan)

    def end(self, run: str, status: RunStatus = RunStatus.SUCCEEDED) -> None:
        """Let the run end."""
        self.tell(run, e.RunEnded(status))

    def view(self, run: str) -> RunView:
        if run not in self.views:
            raise BadInput(f"there is no run {run}")
        return self.views[run]

    def wait(self, run: str, *, after: int, seconds: float) -> RunView:  # noqa: ARG002 - nothing happens meanwhile
        return self.view(run)

    def runs(self, experiment: str = "") -> tuple[str, ...]:
        return tuple(
            run
            for run, view in reversed(self.views.items())
            if not experiment or (view.state.submission and view.state.submission.experiment == experiment)
        )

    def logs(self, run: str, key: str) -> str:
        return self.log_texts.get((run, key), "")

    def cancel(self, run: str) -> None:
        self.canceled.append(run)


@contextmanager
def opened(fake: FakeSession) -> Iterator[FakeSession]:
    """The authoring API uses `fake` inside."""
    checked: session.Session = fake
    session.use(checked)
    try:
        yield fake
    finally:
        session.use(None)


def lines(*documents: Mapping[str, object]) -> bytes:
    """JSON lines, as a script reports them."""
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


__all__ = ["T0", "FakeSession", "lines", "opened"]
