from __future__ import annotations

from dataclasses import replace

from runner.model.access import Access
from runner.model.data import DataPath, DatasetDefinition
from runner.model.step import InputSpec, OutputOf, OutputSpec
from runner.model.uses import access_of, access_of_all, accesses_of
from tests.support import builders as b

MAKE = replace(b.step("make"), inputs=(), outputs=(OutputSpec("made", "pond"), OutputSpec("other", "sea")))
TAKE = replace(
    b.step("take"),
    inputs=(
        InputSpec("made", OutputOf("make", "made")),
        InputSpec("rows", DatasetDefinition("tabular", (DataPath("lake", "rows.csv"),))),
        InputSpec("file", DataPath("workspaceblobstore", "file")),
    ),
    outputs=(OutputSpec("out"),),
    access=Access(("db",), ("archive",)),
)
PLAN = b.plan(MAKE, TAKE, replace(MAKE, key="again"))


def test_a_step_may_open_what_it_declares_reads_and_writes_and_no_more() -> None:
    assert access_of(PLAN, MAKE) == Access(datastores=("pond", "sea"))
    assert access_of(PLAN, TAKE) == Access(("db",), ("archive", "lake", "pond"))


def test_a_plan_has_each_different_access_once() -> None:
    assert accesses_of(PLAN) == (access_of(PLAN, MAKE), access_of(PLAN, TAKE))
    assert access_of_all(PLAN) == Access(("db",), ("archive", "lake", "pond", "sea"))
