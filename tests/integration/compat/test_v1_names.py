"""Every module and name of v1's public packages can be imported, and refuses in one line when it is used."""

from __future__ import annotations

import subprocess
import sys
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from runner.azureml import install
from runner.data import step_bundle
from runner.sdk import v1_names
from runner.sdk.base import exceptions

ROOT = Path(__file__).parents[3]
EVERY = """
import sys
from importlib import import_module
from runner.azureml import install

install()
from runner.sdk import v1_names

count = 0
for module in v1_names._table():
    loaded = import_module(module)
    assert loaded.__spec__ and loaded.__name__ == module
    for name in v1_names.names_in(module):
        if name != "*":
            getattr(loaded, name)
            count += 1
print(count)
"""


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    install()


def named(place: str) -> Any:
    module, _, name = place.rpartition(".")
    return getattr(import_module(module), name)


def test_every_module_and_name_of_the_table_can_be_imported() -> None:
    done = subprocess.run([sys.executable, "-c", EVERY], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5000


@pytest.mark.parametrize(
    "module",
    [
        "azureml.automl.core", "azureml.contrib.automl.pipeline.steps", "azureml.contrib.dataset",
        "azureml.contrib.functions", "azureml.contrib.services.aml_request", "azureml.core.linked_service",
        "azureml.data.constants", "azureml.data.dataset_error_handling", "azureml.datadrift", "azureml.dataprep",
        "azureml.interpret", "azureml.mlflow", "azureml.monitoring", "azureml.train.automl.utilities",
        "azureml._restclient.snapshots_client", "msrest.exceptions", "azureml.core.image.container",
    ],
)  # fmt: skip
def test_modules_that_public_projects_import(module: str) -> None:
    assert import_module(module).__name__ == module


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ("azureml.interpret.ExplanationClient", "interpret-community"),
        ("azureml.datadrift.DataDriftDetector", "compare the data"),
        ("azureml.automl.core.featurization.FeaturizationConfig", "FLAML"),
        ("azureml.core.image.container.ContainerImageConfig", "serve the model yourself"),
        ("azureml.opendatasets.NycTlcGreen", "Taxi and Limousine Commission (NYC TLC), green taxis"),
        ("azureml.opendatasets.UsLaborLAUS", "Local Area Unemployment Statistics of the U.S. Bureau"),
        ("azureml.core.linked_service.LinkedService", "Kubernetes cluster"),
        ("azureml.core.workspace.WorkspaceException", ""),
    ],
)
def test_what_is_not_there_refuses_in_one_line(place: str, remedy: str) -> None:
    found, name = named(place), place.rpartition(".")[2]
    if not remedy:
        assert found is exceptions.WorkspaceException
        return
    for use in ("found('anything', option=1)", "found.some_method"):
        with pytest.raises(NotImplementedError) as caught:
            eval(use, {"found": found})
        what, do = str(caught.value).splitlines()
        assert what.startswith(name)
        assert " is not offered: " in what
        assert remedy in do


def test_each_open_dataset_names_its_public_source() -> None:
    from runner.sdk.base.open_datasets import SOURCES
    from runner.sdk.v1_names import names_in

    module = "azureml.opendatasets"
    helpers = {
        "NoParameterOpenDatasetBase",
        "SampleDatasetBase",
    }  # bases without data of their own
    assert set(names_in(module)) - helpers == SOURCES.keys()
    for name, source in SOURCES.items():
        with pytest.raises(NotImplementedError) as caught:
            named(f"{module}.{name}")().to_pandas_dataframe()
        assert str(caught.value).endswith(source)


def test_a_stand_in_can_be_a_base_and_an_annotation_and_nothing_is_one() -> None:
    base = named("azureml.interpret.ExplanationClient")

    names: dict[str, Any] = {"Base": base}
    exec("class Mine(Base):\n    def method(self, other: Base | None) -> list[Base]: ...", names)
    mine = names["Mine"]
    assert not isinstance("x", base)
    assert issubclass(mine, base)
    with pytest.raises(NotImplementedError, match="ExplanationClient is not offered"):
        mine()


def test_one_name_is_one_object_wherever_it_is_imported_from() -> None:
    assert named("azureml.train.automl.AutoMLConfig") is named("azureml.train.automl.automlconfig.AutoMLConfig")
    assert named("azureml.datadrift.DataDriftDetector") is named(
        "azureml.datadrift.datadriftdetector.DataDriftDetector"
    )


def test_exceptions_are_real_and_can_be_caught() -> None:
    """A driver that catches one of them gets through when nothing, or something else, is raised."""
    http, client = named("msrest.exceptions.HttpOperationError"), named("msrest.exceptions.ClientException")
    assert issubclass(http, client)
    assert not issubclass(client, exceptions.AzureMLException)
    with pytest.raises(client) as caught:
        raise http(None, response="answer", code=3)
    assert (caught.value.response, caught.value.code) == ("answer", 3)
    assert named("azureml.core.webservice.webservice.WebserviceException") is exceptions.WebserviceException
    for place in ("azureml.exceptions.ServiceException", "azureml.train.automl.exceptions.ConfigException"):
        with pytest.raises(named(place)):
            raise named(place)("in words", inner_exception=None)


def test_enumerations_and_constants_are_real() -> None:
    assert named("azureml.data.constants.MOUNT_MODE") == "mount"
    assert named("azureml.data.constants.WORKSPACE_BLOB_DATASTORE") == "workspaceblobstore"
    everywhere = [
        getattr(import_module(module), name)
        for module in (
            "azureml.data.dataset_type_definitions",
            "azureml.train.automl.constants",
            "azureml.core.runconfig",
        )
        for name, (kind, _) in v1_names._kinds(module).items()
        if kind == "e"
    ]
    assert everywhere
    assert [found for found in everywhere if not (issubclass(found, Enum) and len(found))] == []


def test_what_is_nowhere_is_not_there() -> None:
    module = import_module("azureml.interpret")
    assert not hasattr(module, "no_such_name")
    assert not hasattr(module, "_private")
    for name in ("azureml.interpret.no_such_module", "azureml.nowhere", "msrest.nowhere", "other"):
        with pytest.raises(ModuleNotFoundError):
            import_module(name)


def test_a_star_import_brings_the_names() -> None:
    names: dict[str, object] = {}
    exec("from azureml.datadrift import *", names)
    assert "DataDriftDetector" in names


def test_the_real_package_goes_first(tmp_path: Path) -> None:
    """It may lie in a folder that comes later on the path than runner's azureml."""
    for name in ("azureml/__init__.py", "azureml/interpret/__init__.py", "msrest/__init__.py", "msrest/exceptions.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("real = True\n")
    code = (
        "import sys; from runner.azureml import install; install(); sys.path.append(sys.argv[1]);"
        "import azureml.interpret, azureml.datadrift, msrest.exceptions;"
        "assert azureml.interpret.real and msrest.exceptions.real and azureml.datadrift.DataDriftDetector"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=ROOT)


def test_a_step_has_the_names_too(tmp_path: Path) -> None:
    folder = step_bundle.tree(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from azureml.interpret import ExplanationClient;"
        "from msrest.exceptions import HttpOperationError; import azureml.train.automl.utilities;"
        "assert ExplanationClient.__mro__[1].__module__ == '_runner_step.sdk.base.refused'"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, cwd=tmp_path)


def test_importing_core_reads_no_table() -> None:
    code = (
        "from runner.azureml import install; install(); import azureml.core, azureml.core.compute;"
        "azureml.core.Workspace; from runner.sdk import v1_names; assert not v1_names._table.cache_info().currsize"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
