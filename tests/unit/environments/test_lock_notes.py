"""What a resolution changed stays in the lock, and every later note tells it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.environments import lock_store, resolver, uv_program
from runner.environments.lock import Lock
from runner.environments.lock_notes import notes_with_lock
from runner.environments.locks import Locks
from runner.environments.requirements import read
from runner.environments.resolver_failure import Asked
from runner.environments.uv_program import Outcome
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.operations.environment_locks import notes
from runner.override import override
from tests.support.fake_environments import FakeEnvironments
from tests.support.memory_store import MemoryStore

PLATFORM = "x86_64-manylinux_2_28"
TAXI = NamedEnvironment("taxi", EnvironmentSpec(pip=("threadpoolctl==3.1.0",), packages_until="2021-04-19"))
HINT = (
    "hint: `threadpoolctl` was filtered by `exclude-newer` to only include packages uploaded before "
    "2021-04-19T23:59:59Z. The requested version, v3.1.0, was published at 2022-01-31T10:00:00Z."
)
DATELESS = "warning: `mine-1.0-py3-none-any.whl` is missing an upload date"
CHANGES = (
    "threadpoolctl==3.1.0 was published on 2022-01-31: packages until then are used, not 2021-04-19",
    "their index states no date of publication, so any version of these is used: mine",
    "threadpoolctl==3.1.0 has no wheel for Python 3.8: it is built from source, which may take minutes and may fail",
)


class Installing(FakeEnvironments):
    """A store of environments that installs the locks of a workspace."""

    def __init__(self, locks: Locks) -> None:
        super().__init__()
        self._locks = locks

    @override
    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        return (f"environment {environment.name!r}: packages until 2021-04-19 (the release of azureml-defaults)",)

    def known_lock(self, environment: NamedEnvironment) -> Lock | None:
        return self._locks.known(environment, "3.8", PLATFORM)

    def obtain_lock(self, environment: NamedEnvironment, notify: object) -> Lock | None:
        raise NotImplementedError


@pytest.fixture
def solver(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """The questions to a solver that has a solution at the third one."""
    asked: list[Asked] = []
    answers: Iterator[Outcome] = iter(
        [
            Outcome(1, "", (HINT,)),
            Outcome(1, "", (DATELESS,)),
            Outcome(0, "threadpoolctl==3.1.0 --hash=sha256:aa\n", ()),
            Outcome(
                0, '[[packages]]\nname = "threadpoolctl"\nversion = "3.1.0"\nsdist = { url = "https://h/t.tgz" }\n', ()
            ),
        ]
    )

    def compiled(question: Asked, *_: str) -> Outcome:
        asked.append(question)
        return next(answers)

    monkeypatch.setattr(resolver, "compiled", compiled)
    monkeypatch.setattr(uv_program, "version", lambda: "1")
    return asked


def test_the_lock_keeps_what_its_resolution_changed(solver: list[Asked]) -> None:
    store, heard = MemoryStore(), list[str]()
    made = Locks(store).obtain(TAXI, "3.8", PLATFORM, heard.append)
    assert [question.date for question in solver] == ["2021-04-19", *["2022-01-31"] * 3]
    assert heard[1:] == [f"environment 'taxi': {change}" for change in CHANGES]
    assert (made.date, made.notes) == ("2022-01-31", CHANGES)
    assert lock_store.load(store, TAXI.spec.digest, "3.8", PLATFORM) == made

    assert notes(Installing(Locks(store)), TAXI) == (
        "environment 'taxi': packages until 2022-01-31 (moved from 2021-04-19, the release of azureml-defaults)",
        *(f"environment 'taxi': {change}" for change in CHANGES),
    )


def test_without_a_lock_the_notes_are_those_of_the_specification() -> None:
    store = Installing(Locks(MemoryStore()))
    assert notes(store, TAXI) == store.notes(TAXI)
    assert notes(FakeEnvironments(), TAXI) == ()


def test_a_damaged_lock_hides_no_note() -> None:
    store = MemoryStore()
    store.put(lock_store.key(TAXI.spec.digest, "3.8", PLATFORM), b"{}")
    assert len(notes(Installing(Locks(store)), TAXI)) == 1


def test_a_lock_of_the_stated_date_changes_no_note() -> None:
    lock = Lock(spec="1", python="3.8", platform=PLATFORM, date=read(TAXI).date)
    assert notes_with_lock("taxi", ("packages until 2021-04-19 (x)",), "2021-04-19", lock) == (
        "packages until 2021-04-19 (x)",
    )
    assert notes_with_lock("taxi", ("any",), "", lock) == ("any",)
