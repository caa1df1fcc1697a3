from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn

import pytest

from runner.cluster.doctor import Check, Parts, diagnose, is_well, to_lines
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.doctor import KindParts, kind_checks
from runner.datastores import BucketConfig
from runner.errors import BadInput, Problem, StoreDenied, StoreUnreachable, TargetUnreachable
from runner.ports import ObjectStore
from runner.storage.directory import DirectoryStore


def _raises(error: Exception) -> Callable[[], NoReturn]:
    def ask() -> NoReturn:
        raise error

    return ask


def _now() -> datetime:
    return datetime.now(timezone.utc)


SEEN = Check(name="API server", ok=True, detail="v1.34.0")
KIND = KindParts(name="runner", engine=lambda: "28.2", clusters=lambda: ("a", "runner"))


def _requirements(kind: KindParts) -> Callable[[str], Iterator[Check]]:
    return lambda remedy: kind_checks(kind, remedy)


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(
        python=(3, 11, 2),
        target="kind",
        checks=lambda _: (SEEN,),
        problems=tuple,
        store=lambda: DirectoryStore(tmp_path),
        refuses_overwrite=lambda _: True,
        now=_now,
        repair="runner cluster up",
        requirements=_requirements(KIND),
    )


def _wrong(parts: Parts) -> list[Check]:
    return [check for check in diagnose(parts) if not check.ok]


def test_all_well(parts: Parts) -> None:
    checks = diagnose(parts)
    assert is_well(checks)
    assert [check.name for check in checks] == [
        "Python",
        "Docker Engine",
        "kind cluster",
        "API server",
        "target kind",
        "store",
        "conditional writes",
        "clock (store)",
    ]
    assert not [check.remedy for check in checks if check.remedy]


def test_a_laptop_without_a_cluster_needs_neither_docker_nor_kind(parts: Parts) -> None:
    names = [check.name for check in diagnose(replace(parts, requirements=lambda _: (), repair="", target="local"))]
    assert names == ["Python", "API server", "target local", "store", "conditional writes", "clock (store)"]


@pytest.mark.parametrize(
    ("change", "name", "remedy"),
    [
        ({"python": (3, 9, 1)}, "Python", "install Python 3.10 or newer"),
        (
            {"requirements": _requirements(replace(KIND, engine=_raises(BadInput("no", "", "start Docker please"))))},
            "Docker Engine",
            "start Docker please",
        ),
        ({"requirements": _requirements(replace(KIND, clusters=lambda: ()))}, "kind cluster", "runner cluster up"),
        (
            {"requirements": _requirements(replace(KIND, clusters=_raises(BadInput("no", "", "install kind"))))},
            "kind cluster",
            "install kind",
        ),
        (
            {"checks": lambda remedy: [Check(name="may", ok=False, detail="no", remedy=remedy)]},
            "may",
            "runner cluster up",
        ),
        ({"checks": lambda _: _raises(TargetUnreachable("no"))()}, "target kind", "runner cluster up"),
        ({"problems": lambda: [Problem("no right", "jobs", "ask")]}, "target kind", "ask"),
        ({"problems": lambda: [Problem("no right")]}, "target kind", "runner cluster up"),
        ({"problems": _raises(BadInput("bad", "", "mend it"))}, "target kind", "mend it"),
        ({"store": _raises(StoreUnreachable("no"))}, "store", "runner cluster up"),
        (
            {"store": _raises(StoreDenied("no"))},
            "store's credentials",
            "correct the credentials file, or: runner cluster up",
        ),
        (
            {"refuses_overwrite": lambda _: False},
            "conditional writes",
            "use a store that honours If-None-Match (MinIO, AWS S3, SeaweedFS)",
        ),
        (
            {"now": lambda: _now() - timedelta(seconds=61)},
            "clock (store)",
            "set this machine's clock: timedatectl set-ntp true",
        ),
    ],
)
def test_what_is_wrong_is_told_once_with_what_mends_it(
    parts: Parts, change: dict[str, object], name: str, remedy: str
) -> None:
    wrong = _wrong(replace(parts, **change))  # type: ignore[arg-type]  # each case names its field
    assert [(check.name, check.remedy) for check in wrong] == [(name, remedy)]
    assert not is_well(wrong)


@pytest.mark.parametrize(
    ("kind", "target", "remedy"),
    [
        ("runner", "kind", "runner cluster up"),
        ("foo", "kind", "runner cluster up --name foo"),
        ("foo", "bar", "runner cluster up --name foo --target bar"),
        ("", "team", "correct the target 'team' in the configuration, or mend what it names"),
    ],
)
def test_only_a_kind_cluster_is_ours_to_make(parts: Parts, kind: str, target: str, remedy: str) -> None:
    repair = KubernetesConfig(store=BucketConfig(bucket="b", endpoint="http://h"), kind_cluster=kind).repair_command(
        target
    )
    broken = replace(parts, repair=repair, target=target, problems=_raises(TargetUnreachable("no")))
    assert [check.remedy for check in _wrong(broken)] == [remedy]
    denied = replace(broken, problems=tuple, store=_raises(StoreDenied("no")))
    assert all("cluster up" in check.remedy for check in _wrong(denied)) is bool(kind)


def test_a_silent_store_is_told_once(parts: Parts) -> None:
    silent = replace(parts, problems=_raises(StoreUnreachable("no")), store=_raises(StoreUnreachable("no")))
    assert [check.name for check in _wrong(silent)] == ["store"]


def test_every_problem_of_the_target_is_told(parts: Parts) -> None:
    wrong = _wrong(replace(parts, problems=lambda: (Problem("one", "here"), Problem("two"))))
    assert [check.detail for check in wrong] == ["one (here)", "two"]


def test_a_store_that_cannot_be_written_is_told(parts: Parts) -> None:
    def refuse(_: ObjectStore) -> bool:
        raise StoreDenied("read only")

    wrong = _wrong(replace(parts, refuses_overwrite=refuse))
    assert [(check.name, check.detail) for check in wrong] == [("conditional writes", "read only")]


def test_lines_for_people() -> None:
    optional = Check(name="account", ok=False, detail="not there", optional=True)
    lines = to_lines(
        [
            Check(name="Python", ok=True, detail="3.11"),
            Check(name="store", ok=False, detail="gone", remedy="go up"),
            optional,
        ]
    )
    assert lines == ["ok  Python: 3.11", "NO  store: gone", "      do: go up", "--  account: not there"]
    assert is_well([optional])


def test_a_target_that_was_found_wanting_is_not_called_ready(parts: Parts) -> None:
    wanting = replace(parts, checks=lambda _: [Check(name="may", ok=False, detail="no")])
    assert "target kind" not in [check.name for check in diagnose(wanting)]


def test_what_makes_something_on_the_target_is_tried_last_and_only_if_all_else_is_well(parts: Parts) -> None:
    made: list[str] = []

    def trial() -> list[Check]:
        made.append("a pod")
        return [Check(name="store, from a pod", ok=False, detail="no answer", remedy="correct it")]

    assert [check.name for check in diagnose(replace(parts, trial=trial))][-2:] == [
        "clock (store)",
        "store, from a pod",
    ]
    for wrong in (
        {"store": _raises(StoreUnreachable("no"))},
        {"refuses_overwrite": lambda _: False},
        {"checks": lambda _: [Check(name="may create jobs", ok=False, detail="no")]},
        {"requirements": _requirements(replace(KIND, clusters=lambda: ()))},
    ):
        changed = replace(parts, trial=trial, **wrong)
        assert "store, from a pod" not in [check.name for check in diagnose(changed)]
    assert made == ["a pod"]


def test_a_trial_that_cannot_begin_is_told(parts: Parts) -> None:
    wrong = _wrong(replace(parts, trial=_raises(TargetUnreachable("gone"))))
    assert [(check.name, check.detail) for check in wrong] == [("target kind", "gone")]
