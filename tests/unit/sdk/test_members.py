"""Members of v1's classes that a driver may call beside the usual ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.sdk.base.exceptions import NotOffered, RunEnvironmentException, UserErrorException
from runner.sdk.datasets.dataset import Dataset
from runner.sdk.datasets.file_dataset import FileDataset
from runner.sdk.datasets.tabular import TabularDataset
from runner.sdk.datastores.data_paths import DataReference
from runner.sdk.datastores.datastore import Datastore
from runner.sdk.environments.environment import Environment
from runner.sdk.runs.lookup import get_run
from runner.sdk.runs.run import Run
from runner.sdk.workspaces.experiment import Experiment
from runner.sdk.workspaces.workspace import Workspace


@pytest.fixture
def rows(ws: Workspace, tmp_path: Path) -> TabularDataset:
    """A registered dataset."""
    (tmp_path / "rows.csv").write_text("a\n1\n")
    store = Datastore(ws)
    store.upload_files([str(tmp_path / "rows.csv")], show_progress=False)
    return Dataset.Tabular.from_delimited_files((store, "rows.csv")).register(ws, "rows", tags={"a": "1", "b": "2"})


def test_registered_datasets_are_found_by_every_dataset_class(ws: Workspace, rows: TabularDataset) -> None:
    for found in (
        TabularDataset.get_by_name(ws, "rows"),
        FileDataset.get_by_name(ws, name="rows", version=1),
        TabularDataset.get_by_id(ws, rows.id),
        TabularDataset.get_all(ws)["rows"],
    ):
        assert (type(found), found.name, found.version) == (TabularDataset, "rows", 1)


def test_tags_of_a_dataset_are_removed(ws: Workspace, rows: TabularDataset) -> None:
    assert rows.remove_tags(["a", "unknown"]).tags == {"b": "2"}
    assert Dataset.get_by_name(ws, "rows").tags == {"b": "2"}


@pytest.mark.parametrize(
    "call",
    [
        lambda rows: rows.get_profile(),
        lambda rows: rows.submit_profile_run("cpu", "experiment"),
        lambda rows: rows.get_profile_runs(None),
        lambda rows: rows.to_spark_dataframe(),
        lambda rows: rows.to_dask_dataframe(),
        lambda _: Dataset.Tabular.register_spark_dataframe(None, None, "n"),
        lambda _: Dataset.Tabular.register_dask_dataframe(None, None, "n"),
        lambda rows: FileDataset(rows.definition).as_hdfs(),
        lambda rows: FileDataset(rows.definition).as_cache(None),
        lambda rows: FileDataset(rows.definition).hydrate(None),
    ],
)
def test_what_needs_a_service_or_spark_refuses_in_a_line(
    rows: TabularDataset, call: Callable[[TabularDataset], object]
) -> None:
    with pytest.raises(NotOffered) as caught:
        call(rows)
    (problem,) = caught.value.problems
    assert "is not offered" in problem.what
    assert "\n" not in problem.what
    assert problem.remedy


def test_the_open_workspace_is_the_only_one(ws: Workspace) -> None:
    assert [(name, [one.name for one in found]) for name, found in Workspace.list("any").items()] == [
        (ws.name, [ws.name])
    ]
    assert ws.tags == {}
    with pytest.raises(NotOffered, match="delete the bucket"):
        ws.delete()


def test_labels_of_an_environment(ws: Workspace) -> None:
    for image in ("one", "two"):
        Environment.from_docker_image("mine", image).register(ws)
    Environment.label(ws, "mine", "1", ["stable", "prod"])
    assert Environment.get(ws, "mine", label="stable").docker.base_image == "one"
    assert Environment.get(ws, "mine", label="latest").docker.base_image == "two"
    Environment.label(ws, "mine", "2", ["prod"])
    assert Environment.get(ws, "mine", label="prod").version == "2"
    assert [name for name in Environment.list(ws) if not name.startswith("AzureML-")] == ["mine"]
    for version, label in (("7", None), ("newest", None), (None, "unknown")):
        with pytest.raises(UserErrorException, match="mine"):
            Environment.get(ws, "mine", version, label)
    with pytest.raises(UserErrorException, match="version '9'"):
        Environment.label(ws, "mine", "9", ["stable"])


def test_a_run_by_v1s_function(ws: Workspace) -> None:
    made = Experiment(ws, "e").start_logging(snapshot_directory=None)
    assert get_run(made.experiment, made.id).id == made.id
    assert get_run(experiment=made.experiment, run_id=made.id, rehydrate=True, clean_up=True).id == made.id


def test_the_submitted_run_is_none_outside_of_one(ws: Workspace) -> None:
    with pytest.raises(RunEnvironmentException):
        Run.get_submitted_run()


def test_a_data_reference_made_by_its_factory(ws: Workspace) -> None:
    made = DataReference.create("mine", Datastore(ws), "x/y", "download", "/data", overwrite=True)
    assert (made.data_reference_name, made.path_on_datastore, made.mode) == ("mine", "x/y", "download")
    assert (made.path_on_compute, made.overwrite) == ("/data", True)
