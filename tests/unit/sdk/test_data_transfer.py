"""DataTransferStep: an ordinary step that copies its input to an output with a fixed place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.model.data import DatastorePath
from runner.model.step import InputPath, Interpreter, OutputOf, OutputPath
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.datastores.data_paths import DataReference
from runner.sdk.datastores.datastore import Datastore
from runner.sdk.outputs.pipeline_data import PipelineData
from runner.sdk.pipelines.pipeline import Pipeline
from runner.sdk.steps.data_transfer import DataTransferStep
from runner.sdk.steps.python_script import PythonScriptStep
from runner.sdk.steps.transfer import copy_data
from runner.sdk.workspaces.workspace import Workspace
from tests.support.fake_session import FakeSession
from tests.support.memory_store import MemoryStore


@pytest.fixture
def lake(ws: Workspace, session: FakeSession) -> Datastore:
    session.datastores = {"lake": MemoryStore()}
    return Datastore(ws, "lake")


def test_it_copies_from_one_place_to_another(ws: Workspace, lake: Datastore) -> None:
    source, target = Datastore(ws).path("raw/one.csv", "one"), lake.path("copies/one.csv", "two")
    step = DataTransferStep("move", source, target, "local", "file", "file", allow_reuse=False)
    (spec,) = Pipeline(ws, [step]).plan.steps
    (given,), (made,) = spec.inputs, spec.outputs
    assert (given.name, given.source) == ("one", DatastorePath("workspaceblobstore", "raw/one.csv"))
    assert not given.writable  # else nothing would be copied from a path where nothing lies
    assert (made.name, made.datastore, made.destination) == ("two", "lake", "copies/one.csv")
    assert spec.command == (
        Interpreter(),
        "copy_data.py",
        InputPath("one"),
        OutputPath("two"),
        "file",
        "file",
    )
    assert (spec.name, spec.reuse) == ("move", False)
    assert (Path(spec.source) / spec.script).is_file()


def test_it_stands_between_steps(ws: Workspace, lake: Datastore) -> None:
    made = PipelineData("made")
    first = PythonScriptStep("a.py", outputs=[made], arguments=[made], compute_target="local")
    move = DataTransferStep("move", made, lake.path("copies", "copy"), "local")
    last = PythonScriptStep("b.py", inputs=[move.get_output()], arguments=[move.get_output()], compute_target="local")
    specs = {spec.name: spec for spec in Pipeline(ws, [last]).plan.steps}
    assert first.name in specs
    assert specs["move"].inputs[0].source == OutputOf("a-py-1", "made")
    assert specs["b.py"].inputs[0].source == OutputOf("move-1", "copy")


def test_a_pipeline_data_destination_lies_where_such_data_lie(ws: Workspace, lake: Datastore) -> None:
    out = PipelineData("copy", datastore=lake)
    step = DataTransferStep("move", Datastore(ws).path("raw", "raw"), out, "local")
    (made,) = Pipeline(ws, [step]).plan.steps[0].outputs
    assert (made.name, made.datastore, made.destination) == ("copy", "lake", "")
    assert step.get_output() is out


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda one, two: DataTransferStep("", one, two), "name is required"),
        (lambda _, two: DataTransferStep("s", None, two), "source_data_reference is required"),
        (lambda _, two: DataTransferStep("s", "raw", two), "cannot be a str"),
        (lambda one, _: DataTransferStep("s", one), "destination_data_reference is required"),
        (lambda one, _: DataTransferStep("s", one, 3), "cannot be a int"),
        (lambda one, two: DataTransferStep("s", one, two.datastore.path()), "give it a path"),
        (lambda one, two: DataTransferStep("s", one, two, None, "folder"), "'folder' is not one of file, directory"),
    ],
)
def test_what_is_wrong_is_told(
    lake: Datastore, make: Callable[[DataReference, DataReference], object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        make(lake.path("raw", "one"), lake.path("copies", "two"))


def test_runners_own_records_are_no_destination(ws: Workspace, lake: Datastore) -> None:
    with pytest.raises(UserErrorException, match="reserved"):
        DataTransferStep("s", lake.path("raw", "one"), Datastore(ws).path("runs/x", "two"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "below").mkdir(parents=True)
    (source / "one").write_text("1")
    (source / "below" / "two").write_text("2")
    return source


def test_a_folder_is_copied_whole(folder: Path, tmp_path: Path) -> None:
    for kinds in (("any", "any"), ("directory", "directory")):
        assert copy_data.main(folder, tmp_path / "deep" / kinds[0], kinds) == 2
        assert (tmp_path / "deep" / kinds[0] / "below" / "two").read_text() == "2"


def test_a_file_is_copied_to_its_place_or_into_a_folder(folder: Path, tmp_path: Path) -> None:
    assert copy_data.main(folder / "one", tmp_path / "lone", ("any", "any")) == 1
    assert (tmp_path / "lone").read_text() == "1"
    copy_data.main(folder / "one", tmp_path / "in", ("file", "directory"))
    assert (tmp_path / "in" / "one").read_text() == "1"


def test_a_folder_of_one_file_becomes_one_and_others_do_not(folder: Path, tmp_path: Path) -> None:
    copy_data.main(folder / "below", tmp_path / "lone", ("any", "file"))
    assert (tmp_path / "lone").read_text() == "2"
    with pytest.raises(SystemExit, match="2 files"):
        copy_data.main(folder, tmp_path / "other", ("any", "file"))
    with pytest.raises(SystemExit, match="source is a directory"):
        copy_data.main(folder, tmp_path / "other", ("file", "any"))
