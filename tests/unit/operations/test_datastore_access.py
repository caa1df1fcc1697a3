from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import BadInput, StoreDenied
from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.plan import Plan
from runner.model.step import InputSpec, OutputOf, OutputSpec, StepSpec
from runner.operations.datastore_access import datastore_problems
from runner.operations.values import DatastoreFacts
from runner.ports import ObjectStore
from tests.support.memory_store import MemoryStore

KNOWN = {
    "workspaceblobstore": DatastoreFacts(name="workspaceblobstore", kind="workspace", place="the workspace store"),
    "shared": DatastoreFacts(
        name="shared", kind="folder", place="/data/shared", where="runner.yaml: datastores.shared", here_only=True
    ),
    "lake": DatastoreFacts(name="lake", kind="bucket", place="lake at http://h"),
    "theirs": DatastoreFacts(
        name="theirs", kind="bucket", place="b at http://h", where="runner.yaml: datastores.theirs", read_only=True
    ),
}
STEP = StepSpec(key="one-1", name="one", command=(), environment="env", compute="")


def problems(*steps: StepSpec, target: str = "here") -> list[str]:
    def open_store(name: str) -> ObjectStore:
        return MemoryStore()

    plan = Plan(steps=steps, environments={}, parameters={})
    found = datastore_problems(
        plan,
        {step.key: target for step in steps},
        KNOWN,
        reaches_folders=lambda name: name != "cluster",
        open_store=open_store,
    )
    return [f"{problem.where}: {problem.what}; {problem.remedy}" for problem in found]


def test_an_output_in_a_read_only_datastore_is_refused() -> None:
    (said,) = problems(replace(STEP, outputs=(OutputSpec(name="made", datastore="theirs"),)))
    for word in ("step 'one'", "output 'made'", "'theirs', which is read-only", "another datastore"):
        assert word in said
    assert problems(reading(DatastorePath("theirs", "x"))) == []


def reading(source: DatasetDefinition | DatastorePath | OutputOf) -> StepSpec:
    return replace(STEP, inputs=(InputSpec(name="data", source=source),))


@pytest.mark.parametrize(
    "step",
    [
        reading(DatastorePath("shared", "x")),
        reading(DatasetDefinition(kind="file", paths=(DatastorePath("shared", "x"), DatastorePath("lake", "y")))),
        replace(STEP, outputs=(OutputSpec(name="made", datastore="shared"),)),
    ],
    ids=["path", "dataset", "output"],
)
def test_a_folder_cannot_be_reached_from_a_cluster(step: StepSpec) -> None:
    (said,) = problems(step, target="cluster")
    for word in (
        "step 'one'",
        "'shared'",
        "/data/shared",
        "'cluster'",
        "type: bucket",
        "runner.yaml: datastores.shared",
    ):
        assert word in said
    assert problems(step) == []


def test_nor_can_what_another_step_left_there() -> None:
    maker = replace(STEP, outputs=(OutputSpec(name="made", datastore="shared"),))
    reader = replace(reading(OutputOf("one-1", "made")), key="two-1", name="two")
    assert [said.split(":")[0] for said in problems(maker, reader, target="cluster")] == ["step 'one'", "step 'two'"]


def test_an_unknown_datastore_is_told_with_those_that_are_known() -> None:
    (said,) = problems(reading(DatastorePath("lak", "x")))
    assert "there is no datastore 'lak'; known: workspaceblobstore, shared, lake" in said


@pytest.mark.parametrize(
    ("error", "said"),
    [(StoreDenied("access denied"), "access denied"), (BadInput("bad file", "f", "mend"), "bad file")],
)
def test_one_that_does_not_answer_is_told_before_anything_starts(error: Exception, said: str) -> None:
    def open_store(name: str) -> ObjectStore:
        raise error

    plan = Plan(steps=(reading(DatastorePath("lake", "x")),), environments={}, parameters={})
    (problem,) = datastore_problems(
        plan, {"one-1": "here"}, KNOWN, reaches_folders=lambda _: True, open_store=open_store
    )
    assert said in problem.what
    assert problem.remedy


def blocked(*steps: StepSpec) -> list[str]:
    store = MemoryStore()
    store.put("raw/seed.txt", b"x")
    plan = Plan(steps=steps, environments={}, parameters={})
    found = datastore_problems(plan, {}, KNOWN, reaches_folders=lambda _: True, open_store=lambda _: store)
    return [problem.what for problem in found]


@pytest.mark.parametrize(
    "step",
    [
        replace(STEP, outputs=(OutputSpec(name="made", datastore="lake", destination="raw/seed.txt/{run-id}/x"),)),
        replace(STEP, outputs=(OutputSpec(name="made", destination="/raw/seed.txt/below/x"),)),
        replace(STEP, inputs=(InputSpec(name="made", source=DatastorePath("lake", "raw/seed.txt/x"), writable=True),)),
    ],
    ids=["output", "workspace", "reference"],
)
def test_nothing_can_lie_below_a_file(step: StepSpec) -> None:
    (what,) = blocked(step)
    assert "'made' cannot lie at" in what
    assert "'raw/seed.txt' is a file there" in what


def test_beside_a_file_and_in_its_place_there_is_room() -> None:
    made = (
        OutputSpec(name="a", destination="raw/x"),
        OutputSpec(name="b", destination="raw/seed.txt"),
        OutputSpec(name="c"),
    )
    assert (
        blocked(
            replace(
                STEP, outputs=made, inputs=(InputSpec(name="d", source=DatastorePath("lake", "raw"), writable=True),)
            )
        )
        == []
    )


def test_an_upload_to_a_read_only_datastore_is_refused() -> None:
    upload = InputSpec(name="made", source=DatastorePath("theirs", "x"), mode=Mode.UPLOAD, writable=True)
    (said,) = problems(replace(STEP, inputs=(upload,)))
    assert "input 'made' in mode upload is to be written to datastore 'theirs', which is read-only" in said
