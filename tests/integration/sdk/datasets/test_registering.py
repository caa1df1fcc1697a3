"""Registered datasets, datasets as inputs, and uploads of folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.data import launch
from runner.model.context import STEP_VARIABLE, StagedInput, StepContext
from runner.model.data import Mode
from runner.model.document import to_document
from runner.sdk import DataPath, Dataset, Datastore, FileDataset, PipelineParameter, TabularDataset, Workspace
from runner.sdk.base.exceptions import NotOffered, UserErrorException
from runner.sdk.datasets.consumption import DatasetConsumptionConfig
from runner.sdk.datasets.read_options import files_view, identified
from tests.support.fake_session import FakeSession


@pytest.fixture
def rows(ws: Workspace, session: FakeSession) -> TabularDataset:
    session.store.put("raw/people.csv", b"name,age,when\nann,3,2020-01-02\n")
    return Dataset.Tabular.from_delimited_files((Datastore(ws), "raw/people.csv"))


@pytest.fixture
def files(rows: TabularDataset, ws: Workspace) -> FileDataset:
    return Dataset.File.from_files((Datastore(ws), "raw"))


def test_tags_and_description_of_a_registered_dataset_change_in_place(ws: Workspace, rows: TabularDataset) -> None:
    first = rows.register(ws, "people", "said", {"a": "1"})
    tagged = first.add_tags({"b": "2"})
    assert (tagged.tags, tagged.description, tagged.version) == ({"a": "1", "b": "2"}, "said", 1)
    tagged.update(description="other")
    again = Dataset.get_by_name(ws, "people")
    assert (again.tags, again.description, again.id) == ({"a": "1", "b": "2"}, "other", first.id)
    assert Dataset.get_by_id(ws, first.id).description == "other"
    assert again.update(tags={}).tags == {}
    with pytest.raises(UserErrorException, match="only a registered dataset"):
        rows.add_tags({"a": "1"})


def test_versions_are_numbers_or_latest(ws: Workspace, rows: TabularDataset) -> None:
    rows.register(ws, "people")
    rows.take(1).register(ws, "people", create_new_version=True)
    assert [Dataset.get_by_name(ws, "people", version=version).version for version in (1, "1", "latest")] == [1, 1, 2]
    with pytest.raises(UserErrorException, match="'newest' is no version"):
        Dataset.get_by_name(ws, "people", version="newest")
    with pytest.raises(UserErrorException, match="version 3 is not registered"):
        Dataset.get_by_name(ws, "people", version=3)
    assert sorted(Dataset.get_all(ws)) == ["people"]


def test_a_direct_input_is_found_by_the_id_in_the_arguments(
    ws: Workspace, rows: TabularDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumed = rows.as_named_input("people").consumed()
    view = identified(files_view(), "made")
    (tmp_path / "made").mkdir()
    (tmp_path / "people.csv").write_text("name\nstaged\n")
    inputs = {
        "people": StagedInput(Mode.DIRECT, str(tmp_path / "people.csv"), consumed.origin),  # type: ignore[arg-type]
        "made": StagedInput(Mode.DIRECT, str(tmp_path / "made"), view),
    }
    assert launch.shown_path(inputs["people"]) == rows.id
    context = StepContext(run="run", key="key", name="name", step_run="run.key", attempt=1, inputs=inputs)
    (tmp_path / "context.json").write_text(json.dumps(to_document(context)))
    monkeypatch.setenv(STEP_VARIABLE, str(tmp_path))
    staged = Dataset.get_by_id(ws, rows.id)
    assert isinstance(staged, TabularDataset)
    assert staged.to_pandas_dataframe()["name"].tolist() == ["staged"]
    assert isinstance(Dataset.get_by_id(ws, view.id), FileDataset)
    with pytest.raises(UserErrorException, match="no registered dataset has the id"):
        Dataset.get_by_id(ws, "0-0")


def test_what_a_consumption_can_be_of(ws: Workspace, rows: TabularDataset, files: FileDataset) -> None:
    rows.register(ws, "people")
    rows.take(1).register(ws, "people", create_new_version=True)
    by_name = DatasetConsumptionConfig("in", (ws, "people"))
    assert isinstance(by_name.dataset, TabularDataset)
    assert by_name.dataset.version == 2
    older = DatasetConsumptionConfig("in", (ws, "people", 1)).dataset
    assert isinstance(older, TabularDataset)
    assert older.version == 1
    parameter = PipelineParameter("p", files)
    assert DatasetConsumptionConfig("in", parameter, mode="mount").consumed().origin is parameter
    assert files.as_mount("/data").consumed().path_on_compute == "/data"
    assert files.as_named_input("x").as_download().consumed().mode is Mode.DOWNLOAD


def test_what_a_consumption_cannot_be_of(ws: Workspace, rows: TabularDataset, files: FileDataset) -> None:
    with pytest.raises(UserErrorException, match="cannot be mounted or downloaded"):
        DatasetConsumptionConfig("in", rows, mode="mount")
    with pytest.raises(UserErrorException, match="cannot be mounted or downloaded"):
        DatasetConsumptionConfig("in", PipelineParameter("p", rows)).as_download()
    with pytest.raises(UserErrorException, match="mode 'hdfs' is not one of direct, mount, download"):
        DatasetConsumptionConfig("in", files, mode="hdfs")
    with pytest.raises(UserErrorException, match="a str is no dataset"):
        DatasetConsumptionConfig("in", "people")  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match=r"\(workspace, name, version\)"):
        DatasetConsumptionConfig("in", ("ws", "people"))
    with pytest.raises(NotOffered, match="Spark"):
        files.as_named_input("x").as_hdfs()


def test_timestamp_columns_last_as_long_as_the_columns(rows: TabularDataset) -> None:
    timed = rows.with_timestamp_columns("when", partition_timestamp="day")
    assert (timed.timestamp_column, timed.partition_timestamp_column) == ("when", "day")
    assert timed.keep_columns(["name", "when"]).timestamp_columns == ("when", None)
    assert timed.drop_columns("when").timestamp_columns == (None, None)
    assert timed.keep_columns(["name", "day"]).timestamp_columns == (None, None)
    assert timed.with_timestamp_columns(None).timestamp_columns == (None, None)
    older = rows.with_timestamp_columns(fine_grain_timestamp="when")
    assert older.timestamp_columns == ("when", None)
    with pytest.raises(UserErrorException, match="no column 'never'"):
        rows.with_timestamp_columns("never", validate=True)
    with pytest.raises(UserErrorException, match="no column 'never'"):
        rows.keep_columns("never", validate=True)


def test_paths_in_every_form(ws: Workspace, session: FakeSession) -> None:
    session.store.put("raw/a.csv", b"n\n1\n")
    store = Datastore(ws)
    forms: tuple[object, ...] = (
        (store, "raw/a.csv"),
        ("workspaceblobstore", "./raw/a.csv"),
        DataPath(store, "raw/a.csv"),
        store.path("raw/a.csv"),
        [(store, "raw/a.csv")],
    )
    assert {Dataset.File.from_files(form).definition.paths for form in forms} == {
        Dataset.File.from_files((store, "raw/a.csv")).definition.paths
    }
    session.datastores = {"other": session.store}
    for wrong, text in (
        ([], "at least one path"),
        (7, "cannot be a int"),
        ([(store, "raw"), ("other", "raw")], "several datastores: other, workspaceblobstore"),
        ((store, "runs/x"), "reserved for runner's own records"),
        (("nowhere", "raw"), "no datastore 'nowhere'"),
    ):
        with pytest.raises(UserErrorException, match=text):
            Dataset.File.from_files(wrong)
    with pytest.raises(UserErrorException, match="names no column"):
        Dataset.File.from_files((store, "raw"), partition_format="/raw/a.csv")


def test_a_folder_is_uploaded_and_a_dataset(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    for name in ("in/a.csv", "in/deep/b.csv", "in/deep/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    made = Dataset.File.upload_directory("in", DataPath(Datastore(ws), "up"), pattern="**/*.csv", show_progress=False)
    assert made.to_path() == ["/a.csv", "/deep/b.csv"]
    with pytest.raises(UserErrorException, match=r"up/a.csv is there already\n.*overwrite=True"):
        Dataset.File.upload_directory("in", (Datastore(ws), "up"))
    again = Dataset.File.upload_directory("in", (Datastore(ws), "up"), overwrite=True, show_progress=False)
    assert len(again.to_path()) == 3
    for folder, pattern, text in (("none", None, "no folder 'none'"), ("in", "*.zip", r"fits '\*.zip'")):
        with pytest.raises(UserErrorException, match=text):
            Dataset.File.upload_directory(folder, (Datastore(ws), "up"), pattern)
