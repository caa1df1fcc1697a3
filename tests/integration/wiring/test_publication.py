"""Publish and submit over a whole workspace: what is stored, what stays as it was, and what a kill leaves behind."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from runner.cli.capture import DryWorkspace
from runner.control import fingerprint
from runner.data import packing
from runner.environments import lock_store
from runner.environments.lock import Lock, LockedPackage
from runner.errors import BadInput
from runner.model.data import DatastorePath
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.names import computed_run_id, new_run_id
from runner.model.plan import Plan, Scalar, Submission
from runner.model.policy_overrides import PolicyOverrides
from runner.model.published import Data, ParameterValues, PublishedRecord, Status
from runner.model.step import InputSpec, ParameterValue
from runner.operations.environment_details import PlacedEnvironment
from runner.operations.environment_locking import lock_all
from runner.operations.published import pipelines
from runner.operations.published.pipelines import PublishOptions
from runner.operations.values import Request
from runner.override import override
from runner.plan.data_parameters import defaults
from runner.ports import ComputeTarget, EnvironmentStore, Notify, ObjectStore
from runner.runs import index, journal, plans
from runner.sdk.base.session import Captured
from runner.wiring.configuration import load
from runner.wiring.workspace import OpenWorkspace
from tests.support import builders
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending, FakeTarget, World
from tests.support.memory_store import MemoryStore
from tests.support.mortal import Killed, Life, MortalStore

DUE = datetime(2026, 11, 29, tzinfo=timezone.utc)
REQUEST = Request(experiment="nightly", tags={"by": "test"})
OPTIONS = PublishOptions(name="train", version="7", description="trains")
HERE, THERE = DatastorePath("workspaceblobstore", "raw/1"), DatastorePath("workspaceblobstore", "raw/2")


class Locking(FakeEnvironments):
    """Environments with locks of one package, in the newest version."""

    def __init__(self, store: ObjectStore, newest: str = "1") -> None:
        super().__init__()
        self.store = store
        self.newest = newest

    def known_lock(self, environment: NamedEnvironment) -> Lock | None:
        return lock_store.load(self.store, environment.spec.digest, "3.11", "any")

    def obtain_lock(self, environment: NamedEnvironment, notify: Notify) -> Lock | None:  # noqa: ARG002
        package = LockedPackage(name="six", version=self.newest, hashes=("sha256:ff",))
        lock = Lock(spec=environment.spec.digest, python="3.11", platform="any", packages=(package,))
        return self.known_lock(environment) or lock_store.keep(self.store, lock)


@dataclass
class Session(OpenWorkspace):
    """Starts no controllers, and makes environments in memory."""

    makers: FakeEnvironments = field(default_factory=FakeEnvironments)
    started: list[str] = field(default_factory=list)
    pods: bool = False
    """Steps cannot reach folders of this machine, as those in pods."""

    @override
    def start_controller(self, run: str) -> None:
        self.started.append(run)

    @override
    def environments(self, name: str) -> EnvironmentStore:  # noqa: ARG002 - there is one target
        return self.makers

    @override
    def candidate(self, name: str) -> ComputeTarget:
        return FakeTarget(name, World(MemoryStore(), lambda _task: (Ending.SUCCEEDS, 1)))

    @override
    def reaches_folders(self, target: str) -> bool:
        return not self.pods and super().reaches_folders(target)


def opened(folder: Path, store: ObjectStore, newest: str = "1", **more: object) -> Session:
    """A workspace in another folder, with the same store."""
    folder.mkdir(exist_ok=True)
    config = load(folder, {"RUNNER_CONFIG": str(folder / "none")})
    session = Session(config=config, notify=lambda _line: None, makers=Locking(store, newest), **more)  # type: ignore[arg-type]  # fields of the class
    session.base_store = store
    return session


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "script.py").write_text("print(1)")
    return folder


def draft(source: Path) -> Plan:
    step = builders.step(
        "a",
        snapshot="",
        source=str(source),
        script="script.py",
        command=("python", "script.py", ParameterValue("epochs")),
        inputs=(InputSpec(name="raw", source=HERE, parameter="where"),),
    )
    environment = NamedEnvironment(builders.ENVIRONMENT, EnvironmentSpec(pip=("six",)))
    return builders.plan(step, environments={builders.ENVIRONMENT: environment}, parameters={"epochs": 3})


def values(data: Mapping[str, Data] | None = None, **scalars: Scalar) -> ParameterValues:
    return ParameterValues(scalars=scalars, data=data or {})


def submission_of(session: Session, run: str) -> Submission:
    found = session.view(run).state.submission
    assert found is not None
    return found


def upgrade(store: ObjectStore, environment: NamedEnvironment) -> None:
    """`runner environment lock --upgrade`, when a newer package is there."""
    chosen = [PlacedEnvironment(environment, "local")]
    (found,) = lock_all(store, chosen, lambda _name: Locking(store, "2"), lambda _line: None, upgrade=True)
    assert found.new


def test_it_runs_the_same_later_and_elsewhere_without_its_source_folder(tmp_path: Path, source: Path) -> None:
    store = MemoryStore()
    record = opened(tmp_path / "one", store).publish(draft(source), OPTIONS)
    shutil.rmtree(source)
    written = plans.load(store, record.plan).environments[builders.ENVIRONMENT]
    upgrade(store, written)
    other = opened(tmp_path / "two", store, "2")
    other.config = replace(other.config, packages_until="2022-01-01")
    run = other.submit_published(pipelines.named(store, "train@7"), values(), REQUEST)
    used = other.view(run).plan.environments[builders.ENVIRONMENT]
    assert used == written
    lock = lock_store.load(store, used.spec.digest, "3.11", "any")
    assert lock is not None
    assert [package.version for package in lock.packages] == ["1"]
    ((path, _, content),) = packing.load(store, other.view(run).plan.steps[0].snapshot)
    assert (path, content) == ("script.py", b"print(1)")
    assert other.started == [run]


def test_a_draft_that_is_submitted_after_the_upgrade_has_the_new_lock(tmp_path: Path, source: Path) -> None:
    store = MemoryStore()
    session = opened(tmp_path / "one", store)
    upgrade(store, draft(source).environments[builders.ENVIRONMENT])
    run = session.submit(draft(source), REQUEST)
    record = session.publish(draft(source), OPTIONS)
    for plan in (session.view(run).plan, plans.load(store, record.plan)):
        assert plan.environments[builders.ENVIRONMENT].spec.generation == 1


@pytest.mark.parametrize("way", ["published", "submitted"])
def test_what_was_run_keeps_its_environments(tmp_path: Path, source: Path, way: str) -> None:
    """Promoting a run publishes what was tested, whatever was upgraded or configured since."""
    store = MemoryStore()
    session = opened(tmp_path / "one", store)
    tested = session.view(session.submit(draft(source), REQUEST)).plan
    upgrade(store, tested.environments[builders.ENVIRONMENT])
    session.config = replace(session.config, packages_until="2022-01-01")
    if way == "published":
        made = plans.load(store, session.publish(tested, replace(OPTIONS, settled=True)).plan)
    else:
        made = session.view(session.submit(tested, replace(REQUEST, settled=True))).plan
    assert made.environments == tested.environments
    session.overrides = PolicyOverrides(packages_until="2023-01-01")
    with pytest.raises(BadInput, match="has its packages already"):
        session.publish(tested, replace(OPTIONS, settled=True))


def test_values_are_bound_and_the_submission_names_its_pipeline(tmp_path: Path, source: Path) -> None:
    session = opened(tmp_path / "one", MemoryStore())
    record = session.publish(draft(source), replace(OPTIONS, continue_on_step_failure=True))
    run = session.submit_published(
        record, values({"where": THERE}, epochs="5"), replace(REQUEST, source="REST"), parse_texts=True
    )
    view, said = session.view(run), submission_of(session, run)
    assert (said.published, said.source, said.parameters, said.tags) == (record.id, "REST", {"epochs": 5}, REQUEST.tags)
    assert said.continue_on_step_failure
    assert defaults(view.plan) == {"where": THERE}
    stopping = session.submit_published(record, values(), REQUEST, continue_on_step_failure=False)
    assert not submission_of(session, stopping).continue_on_step_failure


def test_a_stored_plan_is_not_resolved(tmp_path: Path, source: Path) -> None:
    """What the author left open is decided by the target of each submission."""
    store = MemoryStore()
    session = opened(tmp_path / "one", store)
    record = session.publish(draft(source), OPTIONS)
    before = plans.load(store, record.plan).steps[0].policy
    assert before == draft(source).steps[0].policy
    run = session.submit_published(record, values(), REQUEST)
    assert session.view(run).plan.steps[0].policy != before


def test_what_does_not_fit_is_refused_before_anything_is_written(tmp_path: Path, source: Path) -> None:
    store = MemoryStore()
    session = opened(tmp_path / "one", store)
    record = session.publish(draft(source), OPTIONS)
    before = dict(store.objects)
    with pytest.raises(BadInput) as caught:
        session.submit_published(record, values({"wher": THERE}, epoch=1, epochs="x"), REQUEST)
    assert len(caught.value.problems) == 3
    assert (store.objects, session.started) == (before, [])
    session.submit_published(record, values(epoch=1), REQUEST, ignore_unknown=True)
    dated = opened(tmp_path / "two", store, overrides=PolicyOverrides(packages_until="2021-01-01"))
    with pytest.raises(BadInput, match="has its packages already"):
        dated.submit_published(record, values(), REQUEST)


@pytest.mark.parametrize("status", [Status.DISABLED, Status.ARCHIVED])
def test_only_an_active_pipeline_is_submitted(tmp_path: Path, source: Path, status: Status) -> None:
    store = MemoryStore()
    session = opened(tmp_path / "one", store)
    record = session.publish(draft(source), OPTIONS)
    pipelines.set_status(store, record.id, status)
    with pytest.raises(BadInput, match=f"is {status.value.lower()}"):
        session.submit_published(record, values(), REQUEST)
    pipelines.set_status(store, record.id, Status.ACTIVE)
    assert session.submit_published(record, values(), REQUEST)


def test_every_problem_of_a_publication_is_found_at_once(tmp_path: Path) -> None:
    store = MemoryStore()
    with pytest.raises(BadInput) as caught:
        opened(tmp_path / "one", store).publish(draft(tmp_path / "gone"), PublishOptions(name=""))
    whats = [problem.what for problem in caught.value.problems]
    assert "a published pipeline needs a name" in whats
    assert any("does not exist" in what for what in whats)
    assert not [key for key in store.objects if key.startswith(("registry/", "plans/", "snapshots/"))]


def test_outputs_that_are_gone_cannot_be_published(tmp_path: Path, source: Path) -> None:
    store = MemoryStore()
    gone = DatastorePath("workspaceblobstore", f"azureml/{new_run_id(DUE, bytes(10))}.a/out")
    plan = draft(source)
    step = replace(plan.steps[0], inputs=(InputSpec(name="raw", source=gone),))
    with pytest.raises(BadInput, match="deleted by runner gc"):
        opened(tmp_path / "one", store).publish(replace(plan, steps=(step,)), OPTIONS)
    assert pipelines.all_of(store, active_only=False) == ()


def test_environments_of_pods_are_made_at_publication(tmp_path: Path, source: Path) -> None:
    store = MemoryStore()
    session = opened(tmp_path / "one", store, pods=True)
    (prepared,) = session.publish(draft(source), OPTIONS).prepared
    spec = draft(source).environments[builders.ENVIRONMENT].spec
    assert (prepared.environment, prepared.target) == (builders.ENVIRONMENT, "local")
    assert (prepared.reference, prepared.lock) == (f"fake:{spec.digest[:16]}", spec.digest)
    assert opened(tmp_path / "two", store).publish(draft(source), OPTIONS).prepared == ()


def test_one_computed_id_makes_one_run_and_whoever_finds_it_undriven_starts_a_controller(
    tmp_path: Path, source: Path
) -> None:
    store = MemoryStore()
    session, other = opened(tmp_path / "one", store), opened(tmp_path / "two", store)
    record = session.publish(draft(source), OPTIONS)
    run = computed_run_id(DUE, "schedule", record.id)
    assert session.submit_published(record, values(), REQUEST, run=run) == run
    pipelines.set_status(store, record.id, Status.DISABLED)  # the run is there already
    assert other.submit_published(record, values(epochs=9), REQUEST, run=run) == run
    assert submission_of(session, run).parameters == {}
    assert list(index.run_ids(store)) == [run]
    assert (session.started, other.started) == ([run], [run])


def test_a_dry_run_captures_what_would_be_published(tmp_path: Path, source: Path) -> None:
    session = opened(tmp_path / "one", MemoryStore())
    dry = DryWorkspace(config=session.config)
    with pytest.raises(Captured) as caught:
        dry.publish(draft(source), OPTIONS)
    assert (caught.value.plan, caught.value.request.experiment) == (draft(source), "train")


def complete(store: MemoryStore, record: PublishedRecord) -> bool:
    plan = plans.load(store, record.plan)
    locks = [lock_store.of_spec(store, each.spec.digest) for each in plan.environments.values()]
    return all(packing.load(store, step.snapshot) for step in plan.steps) and all(map(any, locks))


def test_a_publication_that_is_killed_leaves_nothing_or_a_whole_pipeline(tmp_path: Path, source: Path) -> None:
    sizes = []
    for instant in range(1, 100):
        store, life = MemoryStore(), Life(end=instant)
        session = opened(tmp_path / "one", MortalStore(store, life))
        try:
            session.publish(draft(source), OPTIONS)
        except Killed:
            found = pipelines.all_of(store, active_only=False)
            assert all(complete(store, record) for record in found)
            sizes.append(len(found))
            again = opened(tmp_path / "two", store)
            assert complete(store, again.publish(draft(source), OPTIONS))
        else:
            break
    assert len(sizes) >= 10
    assert sizes[-1] == 1  # killed just after the last effect
    assert sizes == sorted(sizes)


def test_a_submission_that_is_killed_is_made_good_by_the_next_one_with_its_id(tmp_path: Path, source: Path) -> None:
    deaths = 0
    for instant in range(1, 100):
        store, life = MemoryStore(), Life()
        record = opened(tmp_path / "one", store).publish(draft(source), OPTIONS)
        run = computed_run_id(DUE, record.id)
        life.end = instant
        try:
            opened(tmp_path / "one", MortalStore(store, life)).submit_published(record, values(), REQUEST, run=run)
        except Killed:
            deaths += 1
            again = opened(tmp_path / "two", store)
            assert again.submit_published(record, values(), REQUEST, run=run) == run
            assert again.started == [run]
            assert again.runs() == (run,)
            assert [key for key in store.objects if "/journal/" in key] == [journal.entry_key(run, 1)]
        else:
            break
    assert deaths >= 4


def test_a_published_pipeline_reuses_what_its_draft_has_made(tmp_path: Path, source: Path) -> None:
    session = opened(tmp_path / "one", MemoryStore())
    plan = draft(source)
    never = replace(plan.steps[0], key="b", name="b", reuse=False)
    whole = replace(plan, steps=(*plan.steps, never))
    record = session.publish(whole, OPTIONS)
    runs = (
        session.submit(whole, REQUEST),
        session.submit_published(record, values(), REQUEST),
        session.submit_published(record, values(epochs=4), REQUEST),
    )
    first, second, third = (keys_for_reuse(session, run) for run in runs)
    assert first == second
    assert first["a"] != third["a"]
    assert first["b"] == third["b"] == ""


def keys_for_reuse(session: Session, run: str) -> dict[str, str]:
    """The reuse key of each step of a run, with one content of its input."""
    plan, said = session.view(run).plan, submission_of(session, run)
    pins = {"raw": builders.ref("raw/1")}
    return {step.key: fingerprint.bind(plan, said, step, {}, pins).fingerprint for step in plan.steps}
