from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from runner.cli.environment_inventory import listing, title
from runner.cli.environment_views import comparison_view, detail_view
from runner.cli.paint import Paint
from runner.operations.differences import Difference
from runner.operations.environment_comparison import Comparison
from runner.operations.environment_details import EnvironmentDetail, LockDetail
from runner.operations.environment_uses import Verdict
from runner.ports import StoredEnvironment

LOCK = LockDetail(
    digest="5f3c" * 16,
    python="3.8",
    platform="x86_64-manylinux_2_28",
    date="2021-12-31",
    packages={"numpy": "1.20.3", "pandas": "1.2.4"},
)
FOUND = EnvironmentDetail(
    name="train",
    target="kind",
    written={"pip": ("numpy", "azureml-defaults==1.27"), "python": ("3.6",)},
    notes=("environment 'train': Python 3.6 is too old for a step; 3.8 is used",),
    python="3.8",
    date="2021-12-31",
    lock=LOCK,
    reference="runner-env:0123456789abcdef",
    problems=(),
)


def test_an_environment_in_full() -> None:
    assert detail_view(FOUND, Paint()) == [
        "train  on kind",
        "  pip     numpy",
        "          azureml-defaults==1.27",
        "  python  3.6",
        "",
        "changed",
        "  Python 3.6 is too old for a step; 3.8 is used",
        "",
        "here",
        "  python  3.8",
        "  date    2021-12-31, no newer package",
        "  lock    5f3c5f3c5f3c: 2 packages, Python 3.8, x86_64-manylinux_2_28",
        "  made    runner-env:0123456789abcdef",
    ]


def test_an_environment_that_cannot_be_made() -> None:
    bare = replace(FOUND, written={}, notes=(), python="", date="", lock=None, reference="", problems=("no\n  do: x",))
    shown = detail_view(bare, Paint())
    assert shown[1] == "  nothing is written: the target's own Python"
    assert shown[-3:] == ["problems", "  no", "    do: x"]
    assert [line.split()[0] for line in shown if line.endswith("makes it")] == ["lock", "made"]


def test_an_environment_without_packages() -> None:
    found = replace(FOUND, lock=replace(LOCK, packages={}), date="")
    assert "  lock    nothing to install" in detail_view(found, Paint())


def test_a_comparison() -> None:
    difference = Difference("numpy", "1.20.3", "1.24.4")
    found = Comparison(before="abcdef:train", after="train", parts=("lock",), differences=(difference,))
    assert comparison_view(found, Paint()) == [
        "train differs from abcdef:train in: lock",
        "  numpy  1.20.3 → 1.24.4",
    ]
    same = replace(found, parts=(), differences=())
    assert comparison_view(same, Paint()) == ["train and abcdef:train do not differ"]


def _verdict(reference: str, place: str) -> Verdict:
    at = datetime(2026, 11, 28, 23, 5, tzinfo=timezone.utc)
    stored = StoredEnvironment(
        reference=reference,
        names=frozenset({reference}),
        place=place,
        lock="5f3c" * 16,
        size=283637332,
        made=at,
    )
    return Verdict(stored=stored, runs=("run-abcdef", "run-ghijkl"), names=("train",), reason="used by a run")


def test_the_list_fits_into_80_columns() -> None:
    found = [
        _verdict("runner-env:0123456789abcdef", "Docker engine, runner-control-plane"),
        _verdict("/home/ada/.cache/runner/envs/0123456789abcdef/bin/python", "folder"),
    ]
    head, *rows, engine, folder = listing(found, Paint())
    assert head.split() == ["environment", "name", "lock", "size", "made", "used", "by"]
    row = "0123456789abcdef  train  5f3c5f3c  270.5 MiB  2026-11-28 23:05  2 runs: abcdef"
    assert rows == [row, row]
    assert len(row) <= 80
    assert (engine, folder) == ("in Docker engine, runner-control-plane", "in /home/ada/.cache/runner/envs")


def test_an_image_of_a_registry_has_its_whole_name() -> None:
    name = "registry.example.org/team/runner-env:0123456789abcdef"
    assert title(_verdict(name, "registry.example.org").stored) == name
