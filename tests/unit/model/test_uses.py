from __future__ import annotations

from dataclasses import replace

from runner.model.access import Access
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.step import InputSpec, OutputOf, OutputSpec
from runner.model.uses import access_of, access_of_all, accesses_of
from tests.support import builders as b

MAKE = replace(
    b.step("make"),
    inputs=(),
    outputs=(OutputSpec(name="made", datastore="pond"), OutputSpec(name="other", datastore="sea")),
)
TAKE = replace(
    b.step("take"),
    inputs=(
        InputSpec(name="made", source=OutputOf("make", "made")),
        InputSpec(name="rows", source=DatasetDefinition(kind="tabular", paths=(DatastorePath("lake", "rows.csv"),))),
        InputSpec(name="file", source=DatastorePath("workspaceblobstore", "file")),
    ),
    outputs=(OutputSpec(name="out"),),
    access=Access(("db",), ("archive",)),
)
PLAN = b.plan(MAKE, TAKE, replace(MAKE, key="again"))


def test_a_step_may_open_what_it_declares_reads_and_writes_and_no_more() -> None:
    assert access_of(PLAN, MAKE) == Access(datastores=("pond", "sea"))
    assert access_of(PLAN, TAKE) == Access(("db",), ("archive", "lake", "pond"))


def test_a_plan_has_each_different_access_once() -> None:
    assert accesses_of(PLAN) == (access_of(PLAN, MAKE), access_of(PLAN, TAKE))
    assert access_of_all(PLAN) == Access(("db",), ("archive", "lake", "pond", "sea"))
