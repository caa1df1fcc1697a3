from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.cli.capture import DryWorkspace
from runner.cli.reports import find_run
from runner.cli.watching import ask_end
from runner.config import Config, EnvironmentConfig, load
from runner.data import packing
from runner.data.snapshot import Snapshot
from runner.errors import StoreUnreachable
from runner.model.task import cancel_marker
from runner.operations.liveness import Stranded
from runner.operations.values import Request, RunView
from runner.override import override
from runner.runs import index, journal
from runner.wiring.workspace import OpenWorkspace
from tests.support import builders
from tests.support import sample_run as sample
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
    made = Watched(Config(tmp_path))
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
    ask_end(session, sample.RUN)
    assert session.base_store.stat(cancel_marker(sample.RUN)) is not None
    assert session.started == [sample.RUN]


def test_a_stranded_run_names_its_controllers_log(
    session: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    log = tmp_path / "runner" / "controllers" / f"{sample.RUN}.log"
    log.parent.mkdir(parents=True)
    log.touch()
    with pytest.raises(Stranded, match=str(log)):
        session.check_driven(session.view(sample.RUN))


def test_an_entry_without_a_run_is_passed_over(session: Watched) -> None:
    later = sample.RUN.replace("20261122", "20261123")
    index.add(session.base_store, index.IndexEntry(later, "penguins", sample.BEGIN))
    assert session.runs() == (sample.RUN,)
    assert session.runs("penguins") == (sample.RUN,)
    assert find_run(session, "latest") == sample.RUN


def kept_code(session: Watched) -> str:
    """The digest of a snapshot without files, which the session's store has."""
    return packing.keep(session.base_store, Snapshot(Path(), ()))


def test_the_same_is_announced_once_a_session(tmp_path: Path) -> None:
    said: list[str] = []
    session = Watched(load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")}), say=said.append)
    snapshot = kept_code(session)
    for target in ("cpu", "cpu", "gpu"):
        session.submit(builders.plan(builders.step("a", compute=target, snapshot=snapshot)), Request("e"))
    assert said == [f"compute '{name}': this machine (no targets are configured here)" for name in ("cpu", "gpu")]


def test_a_submitted_run_gets_its_controller_even_if_it_cannot_be_read_just_then(tmp_path: Path) -> None:
    class Hasty(Watched):
        @override
        def view(self, run: str) -> RunView:  # noqa: ARG002
            raise StoreUnreachable("no answer")

    session = Hasty(load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")}), say=lambda _line: None)
    snapshot = kept_code(session)
    assert session.started == [session.submit(builders.plan(builders.step("a", snapshot=snapshot)), Request("e"))]


def test_names_mapped_to_images(tmp_path: Path) -> None:
    config = Config(tmp_path, environments={"base": EnvironmentConfig("team/base:1")})
    assert OpenWorkspace(config).curated_images() == {"base": "team/base:1"}


def test_a_dry_run_does_not_try_the_store_by_writing(tmp_path: Path) -> None:
    dry = DryWorkspace(Config(tmp_path))
    store = dry.base_store = MemoryStore()
    assert dry.refuses_overwrite()
    assert list(store.list("")) == []
    wet = OpenWorkspace(Config(tmp_path))
    wet.base_store = store
    assert wet.refuses_overwrite()
