"""DataReference, DataPath and its binding: as values, in inputs and in arguments."""

from __future__ import annotations

import pytest

from runner.model.data import DatastorePath, Mode
from runner.model.step import InputPath, InputSpec, StepSpec
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.datastores.data_paths import DataPath, DataPathComputeBinding, DataReference
from runner.sdk.datastores.datastore import Datastore
from runner.sdk.pipelines.pipeline import Pipeline
from runner.sdk.steps.bindings import Bindings
from runner.sdk.steps.python_script import PythonScriptStep
from runner.sdk.workspaces.workspace import Workspace
from tests.support.fake_session import FakeSession
from tests.support.memory_store import MemoryStore


@pytest.fixture
def lake(ws: Workspace, session: FakeSession) -> Datastore:
    session.datastores = {"lake": MemoryStore()}
    return Datastore(ws, "lake")


def lowered(ws: Workspace, inputs: list[object], arguments: list[object]) -> StepSpec:
    (step,) = Pipeline(
        ws, [PythonScriptStep("a.py", inputs=inputs, arguments=arguments, compute_target="local")]
    ).plan.steps
    return step


def test_a_name_is_given_or_says_what_is_read(lake: Datastore) -> None:
    assert DataReference(lake).data_reference_name == "lake"
    assert DataReference(lake, "mine", "x").data_reference_name == "mine"
    one, two = DataReference(lake, path_on_datastore="x"), lake.path("x")
    assert one.data_reference_name == two.data_reference_name != lake.path("y").data_reference_name
    assert one.data_reference_name.isalnum()


def test_as_text_it_is_the_variable_of_the_step(lake: Datastore) -> None:
    assert str(DataReference(lake, "mine", "x")) == "$AZUREML_DATAREFERENCE_mine"


def test_modes_and_paths_make_new_references(lake: Datastore) -> None:
    base = lake.path("data", "mine")
    for made, mode in (
        (base.as_mount(), "mount"),
        (base.as_download("/here"), "download"),
        (base.as_upload(), "upload"),
    ):
        assert (made.mode, made.data_reference_name, made.path_on_datastore) == (mode, "mine", "data")
    assert base.as_download("/here", overwrite=True).to_config().__dict__ == {
        "datastore_name": "lake",
        "mode": "download",
        "path_on_datastore": "data",
        "path_on_compute": "/here",
        "overwrite": True,
    }
    assert base.path("below").path_on_datastore == "data/below"
    assert lake.as_download("/here").path_on_compute == "/here"
    assert (lake.as_mount().mode, lake.as_upload().mode) == ("mount", "upload")


def test_it_is_an_input_and_an_argument(ws: Workspace, lake: Datastore) -> None:
    whole, part = lake.as_mount(), lake.path("./data//x/", "part").as_download("/data/x")
    step = lowered(ws, [whole, part], ["--all", whole, part])
    assert step.inputs == (
        InputSpec(name="lake", source=DatastorePath("lake", ""), mode=Mode.MOUNT, writable=True),
        InputSpec(name="part", source=DatastorePath("lake", "data/x"), mode=Mode.DOWNLOAD, path_on_compute="/data/x"),
    )
    assert step.command[-3:] == ("--all", InputPath("lake"), InputPath("part"))


def test_a_data_path_is_one_too_with_or_without_a_binding(ws: Workspace, lake: Datastore) -> None:
    plain = DataPath(lake, "data/x", name="plain")
    bound = (DataPath(lake, "data/y", name="bound"), DataPathComputeBinding("download", "/data/y"))
    step = lowered(ws, [plain, bound], [plain, bound])
    assert step.inputs == (
        InputSpec(name="plain", source=DatastorePath("lake", "data/x"), mode=Mode.MOUNT, writable=True),
        InputSpec(name="bound", source=DatastorePath("lake", "data/y"), mode=Mode.DOWNLOAD, path_on_compute="/data/y"),
    )
    assert step.command[-2:] == (InputPath("plain"), InputPath("bound"))


def test_a_data_path_becomes_a_reference_and_back(lake: Datastore) -> None:
    made = DataPath(lake, "data").create_data_reference(
        "mine", DataPathComputeBinding("download", "/x", overwrite=True)
    )
    assert (made.data_reference_name, made.mode, made.path_on_compute, made.overwrite) == (
        "mine",
        "download",
        "/x",
        True,
    )
    again = DataPath.create_from_data_reference(made)
    assert (again.datastore_name, again.path_on_datastore, again.name) == ("lake", "data", "mine")
    with pytest.raises(UserErrorException, match="names no datastore"):
        DataPath(path_on_datastore="x").create_data_reference()


def test_a_path_that_leaves_its_datastore_is_refused(lake: Datastore) -> None:
    with pytest.raises(UserErrorException, match="leaves its datastore"):
        DataReference(lake, "mine", "../x").consumed()
    with pytest.raises(UserErrorException, match="leaves its datastore"):
        lake.download("got", prefix="../x")


def test_a_name_is_no_datastore() -> None:
    with pytest.raises(UserErrorException, match="'lake' is no datastore"):
        DataReference("lake")  # type: ignore[arg-type]  # what a user may try


def test_an_upload_is_written_only(ws: Workspace, lake: Datastore) -> None:
    kept, over = lake.path("x", "kept").as_upload(), lake.path("y", "over").as_upload(overwrite=True)
    step = lowered(ws, [kept, over], [kept, over])
    assert step.inputs == (
        InputSpec(name="kept", source=DatastorePath("lake", "x"), mode=Mode.UPLOAD, writable=True, keep_existing=True),
        InputSpec(name="over", source=DatastorePath("lake", "y"), mode=Mode.UPLOAD, writable=True),
    )


def test_an_unknown_mode_is_refused(lake: Datastore) -> None:
    with pytest.raises(UserErrorException, match="'direct' is not one of mount, download, upload"):
        DataReference(lake, "x", "x", mode="direct").consumed()


def test_a_pattern_is_read_only(ws: Workspace, lake: Datastore) -> None:
    pattern = lake.path("data/*.csv", "pattern")
    assert lowered(ws, [pattern], [pattern]).inputs == (
        InputSpec(name="pattern", source=DatastorePath("lake", "data/*.csv")),
    )


def test_the_workspaces_default_holds_where_none_is_named(ws: Workspace, lake: Datastore) -> None:
    from runner.sdk.outputs.pipeline_data import PipelineData

    ws.set_default_datastore("lake")
    made = PipelineData("made")
    step = PythonScriptStep("a.py", arguments=[made], outputs=[made], compute_target="local")
    assert Bindings(step).problems == []
    (output,) = Pipeline(ws, [step]).plan.steps[0].outputs
    assert output.datastore == "lake"
