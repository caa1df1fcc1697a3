"""Members of v1's classes that a driver may call beside the usual ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.sdk.base.exceptions import NotOffered, RunEnvironmentException, UserErrorException
from runner.sdk.computes.compute_target import AmlCompute
from runner.sdk.datasets.dataset import Dataset
from runner.sdk.datasets.file_dataset import FileDataset
from runner.sdk.datasets.tabular import TabularDataset
from runner.sdk.datastores.data_paths import DataPath, DataPathComputeBinding, DataReference
from runner.sdk.datastores.datastore import Datastore
from runner.sdk.environments.environment import Environment
from runner.sdk.models.model import Model
from runner.sdk.runconfig.run_configuration import RunConfiguration
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


def test_a_run_configuration_is_deleted(tmp_path: Path) -> None:
    saved = RunConfiguration().save(str(tmp_path), "mine")
    RunConfiguration.delete(str(tmp_path), "mine")
    assert not saved.exists()
    with pytest.raises(UserErrorException, match="no such run configuration"):
        RunConfiguration.delete(str(tmp_path), "mine")


def test_a_binding_and_a_data_reference(ws: Workspace) -> None:
    place = DataPath(Datastore(ws), "raw", "raw")
    reference = DataPathComputeBinding("download", "/here").create_data_reference("one", place)
    assert (reference.data_reference_name, reference.path_on_datastore, reference.mode) == ("one", "raw", "download")
    again = DataPathComputeBinding.create_from_data_reference(reference)
    assert (again.mode, again.path_on_compute) == ("download", "/here")
    with pytest.raises(UserErrorException, match="names no datastore"):
        DataPathComputeBinding().create_data_reference("one")


def test_datasets_are_added_to_a_model(ws: Workspace, rows: TabularDataset, tmp_path: Path) -> None:
    Path("m.pkl").write_text("m")
    model = Model.register(ws, "m.pkl", "m")
    model.add_dataset_references([(Dataset.Scenario.TRAINING, rows)])
    model.add_dataset_references([(Dataset.Scenario.TRAINING, rows), ("inferencing", rows)])
    expected = ((Dataset.Scenario.TRAINING, rows.id), ("inferencing", rows.id))
    assert Model(ws, "m").record.datasets == expected


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        (lambda ws: ws.update(tags={}), "edit runner.yaml"),
        (lambda ws: ws.list_keys(), "runner doctor"),
        (lambda ws: ws.set_connection("feed", "PythonFeed", "t", "PAT", "v"), "private-packages.md"),
        (lambda ws: AmlCompute(ws, "cpu").get_active_runs(), "runner list"),
        (lambda _: AmlCompute.list_quotas(None), "kubectl get quota"),
        (lambda ws: Environment("e").get_image_details(ws), "runner environment"),
        (lambda _: Model.print_configuration([], None, None), "serve the model yourself"),
    ],
)
def test_what_azure_alone_has_names_a_way_out(ws: Workspace, call: Callable[[Workspace], object], remedy: str) -> None:
    with pytest.raises(NotOffered) as refused:
        call(ws)
    assert remedy in str(refused.value)


def test_names_that_are_always_empty_or_the_same(ws: Workspace) -> None:
    assert (ws.linked_services, ws.images, ws.webservices) == ({}, {}, {})
    assert Experiment(ws, "e").workspace_object is ws
    assert AmlCompute(ws, "cpu").get()["name"] == "cpu"
