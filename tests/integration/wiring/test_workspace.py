from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runner.cli.capture import DryWorkspace
from runner.cli.reports import find_run
from runner.cli.watching import request_cancel
from runner.config import Config, EnvironmentConfig
from runner.data import packing
from runner.data.snapshot import Snapshot
from runner.environments import lock_store
from runner.errors import StoreUnreachable
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.policy_overrides import PolicyOverrides
from runner.model.task import cancel_marker
from runner.operations.controller_health import ControllerGone
from runner.operations.values import Request, RunView
from runner.override import override
from runner.ports import EnvironmentStore
from runner.runs import index, journal
from runner.wiring.configuration import load
from runner.wiring.workspace import OpenWorkspace
from tests.support import builders
from tests.support import sample_run as sample
from tests.support.fake_environments import FakeEnvironments
from tests.support.memory_store import MemoryStore


class Counting(MemoryStore):
    """Remembers what was read."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__()
        self.objects = objects
        self.read: list[str] = []

    @override
    def get(self, key: str) -> bytes:
        self.read.append(key)
        return super().get(key)


@dataclass
class Watched(OpenWorkspace):
    """Starts no controllers."""

    started: list[str] = field(default_factory=list)

    @override
    def start_controller(self, run: str) -> None:
        self.started.append(run)


@pytest.fixture
def store() -> Counting:
    """The sample run, whose controller has been gone for long."""
    found = Counting(sample.stored().objects)
    found.delete(journal.entry_key(sample.RUN, 10))
    return found


@pytest.fixture
def session(tmp_path: Path, store: Counting) -> Watched:
    made = Watched(config=Config(root=tmp_path))
    made.base_store = store
    return made


def test_looking_again_reads_only_what_is_new(session: Watched, store: Counting) -> None:
    last = sample.entries()[-1]
    assert session.view(sample.RUN).state.number == 9
    store.read.clear()
    journal.Writer(store, sample.RUN, "c1", 9).append(last.events, last.time)
    assert session.view(sample.RUN).state.over
    assert set(store.read) <= {journal.entry_key(sample.RUN, number) for number in (10, 11)}


def test_canceling_a_run_that_nobody_drives_starts_a_controller(session: Watched) -> None:
    request_cancel(session, sample.RUN)
    assert session.base_store.stat(cancel_marker(sample.RUN)) is not None
    assert session.started == [sample.RUN]


def test_a_stranded_run_names_its_controllers_log(
    session: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    log = tmp_path / "runner" / "controllers" / f"{sample.RUN}.log"
    log.parent.mkdir(parents=True)
    log.touch()
    with pytest.raises(ControllerGone, match=str(log)):
        session.check_driven(session.view(sample.RUN))


def test_an_entry_without_a_run_is_passed_over(session: Watched) -> None:
    later = sample.RUN.replace("20261122", "20261123")
    index.add(session.base_store, index.IndexEntry(run=later, experiment="penguins", created=sample.BEGIN))
    assert session.runs() == (sample.RUN,)
    assert session.runs("penguins") == (sample.RUN,)
    assert find_run(session, "latest") == sample.RUN


def kept_code(session: Watched) -> str:
    """The digest of a snapshot without files, which the session's store has."""
    return packing.keep(session.base_store, Snapshot(Path(), ()))


def test_the_same_is_announced_once_a_session(tmp_path: Path) -> None:
    said: list[str] = []
    session = Watched(config=load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")}), notify=said.append)
    snapshot = kept_code(session)
    for target in ("cpu", "cpu", "gpu"):
        session.submit(builders.plan(builders.step("a", compute=target, snapshot=snapshot)), Request(experiment="e"))
    assert said == [f"compute '{name}': this machine (no targets are configured here)" for name in ("cpu", "gpu")]


def test_a_submitted_run_gets_its_controller_even_if_it_cannot_be_read_just_then(tmp_path: Path) -> None:
    class Hasty(Watched):
        @override
        def view(self, run: str) -> RunView:  # noqa: ARG002
            raise StoreUnreachable("no answer")

    session = Hasty(config=load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")}), notify=lambda _line: None)
    snapshot = kept_code(session)
    assert session.started == [
        session.submit(builders.plan(builders.step("a", snapshot=snapshot)), Request(experiment="e"))
    ]


@dataclass
class Making(Watched):
    """Makes environments in memory."""

    makers: FakeEnvironments = field(default_factory=FakeEnvironments)

    @override
    def environments(self, name: str) -> EnvironmentStore:  # noqa: ARG002 - there is one target
        return self.makers


@pytest.mark.parametrize("stated", ["", "2021-06-01"])
def test_an_environment_made_alone_is_the_one_that_a_run_has(tmp_path: Path, stated: str) -> None:
    date, overrides = stated or "2022-01-01", PolicyOverrides(packages_until=stated)
    config = replace(load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")}), packages_until="2022-01-01")
    session = Making(config=config, overrides=overrides, notify=lambda _line: None)
    own = NamedEnvironment("mine", EnvironmentSpec(pip=("six",)))
    lock_store.begin(session.store, lock_store.next_generation(session.store, own.until(date).spec))
    step = builders.step("a", snapshot=kept_code(session))
    plan = builders.plan(step, environments={builders.ENVIRONMENT: own})
    planned = session.planned(plan, Request(experiment="e"))[0].environments[builders.ENVIRONMENT]
    made = session.make_environment(own)
    assert made == f"fake:{planned.spec.digest[:16]}"
    assert (planned.spec.packages_until, planned.spec.generation) == (date, 1)


def test_names_mapped_to_images(tmp_path: Path) -> None:
    config = Config(root=tmp_path, environments={"base": EnvironmentConfig("team/base:1")})
    assert OpenWorkspace(config=config).curated_images() == {"base": "team/base:1"}


def test_a_dry_run_does_not_try_the_store_by_writing(tmp_path: Path) -> None:
    dry = DryWorkspace(config=Config(root=tmp_path))
    store = dry.base_store = MemoryStore()
    assert dry.refuses_overwrite()
    assert list(store.list("")) == []
    wet = OpenWorkspace(config=Config(root=tmp_path))
    wet.base_store = store
    assert wet.refuses_overwrite()
