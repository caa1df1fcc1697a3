"""Every module path and alias that v1 scripts commonly import exists, and is runner's own."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from runner.azureml import install
from runner.sdk.base.refused import Refused

ROOT = Path(__file__).parents[3]

MODULES = [
    "azureml.core",
    "azureml.pipeline.core",
    "azureml.core.compute",
    "azureml.pipeline.steps",
    "azureml.core.runconfig",
    "azureml.widgets",
    "azureml.core.compute_target",
    "azureml.core.datastore",
    "azureml.core.conda_dependencies",
    "azureml.exceptions",
    "azureml.data",
    "azureml.core.model",
    "azureml.data.data_reference",
    "azureml.core.workspace",
    "azureml.core.dataset",
    "azureml.core.authentication",
    "azureml.core.experiment",
    "azureml.core.run",
    "azureml.train.automl",
    "azureml.data.dataset_factory",
    "azureml.data.dataset_consumption_config",
    "azureml.core.environment",
    "azureml.opendatasets",
    "azureml.train.hyperdrive",
    "azureml.train.hyperdrive.runconfig",
    "azureml.train.hyperdrive.sampling",
    "azureml.train.hyperdrive.run",
    "azureml.train.hyperdrive.parameter_expressions",
    "azureml.data.datapath",
    "azureml.pipeline.core.schedule",
    "azureml.pipeline.core.graph",
    "azureml.pipeline.core.run",
    "azureml.pipeline.core.module",
    "azureml.data.output_dataset_config",
    "azureml.contrib.notebook",
    "azureml_user.parallel_run",
    "azureml.core.webservice",
    "azureml.telemetry",
    "azureml.core.script_run_config",
    "azureml.train.estimator",
]

SAME = {
    "azureml.core.compute_target ComputeTargetException": "azureml.exceptions ComputeTargetException",
    "azureml.core.compute ComputeTargetException": "azureml.exceptions ComputeTargetException",
    "azureml.core.conda_dependencies CondaDependencies": "runner.sdk.environments.conda_dependencies CondaDependencies",
    "azureml.core.runconfig CondaDependencies": "runner.sdk.environments.conda_dependencies CondaDependencies",
    "azureml.core.environment CondaDependencies": "runner.sdk.environments.conda_dependencies CondaDependencies",
    "azureml.core.datastore Datastore": "azureml.core Datastore",
    "azureml.core.dataset Dataset": "azureml.core Dataset",
    "azureml.core.model Dataset": "azureml.core Dataset",
    "azureml.core.run Run": "azureml.core Run",
    "azureml.core ComputeTarget": "azureml.core.compute ComputeTarget",
    "azureml.pipeline.core Pipeline": "runner Pipeline",
    "azureml.pipeline.core.graph PipelineParameter": "azureml.pipeline.core PipelineParameter",
    "azureml.widgets RunDetails": "runner.sdk.runs.widgets RunDetails",
    "azureml.pipeline.steps PythonScriptStep": "runner.sdk.steps.python_script PythonScriptStep",
    "azureml.pipeline.steps ParallelRunStep": "runner.sdk.steps.parallel_run_step ParallelRunStep",
    "azureml.contrib.pipeline.steps ParallelRunStep": "azureml.pipeline.steps ParallelRunStep",
    "azureml.pipeline.steps.parallel_run_config ParallelRunConfig": "azureml.pipeline.steps ParallelRunConfig",
    "azureml_user.parallel_run EntryScript": "runner.sdk.steps.entry_script EntryScript",
}

REFUSED = [
    "azureml.pipeline.steps.AutoMLStep",
    "azureml.pipeline.steps.DatabricksStep",
    "azureml.pipeline.steps.SynapseSparkStep",
    "azureml.train.automl.AutoMLConfig",
    "azureml.pipeline.steps.AdlaStep",
    "azureml.pipeline.steps.AzureBatchStep",
    "azureml.pipeline.steps.KustoStep",
    "azureml.opendatasets.NycTlcGreen",
    "azureml.core.model.InferenceConfig",
    "azureml.core.webservice.AciWebservice",
]


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    install()


def found(place: str) -> object:
    module, name = place.split(" ")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("module", MODULES)
def test_module_and_all_its_names(module: str) -> None:
    loaded = import_module(module)
    for name in getattr(loaded, "__all__", ()):
        assert getattr(loaded, name) is not None


@pytest.mark.parametrize("place", SAME, ids=list(SAME))
def test_aliases_are_the_same_object(place: str) -> None:
    assert found(place) is found(SAME[place])


@pytest.mark.parametrize("place", REFUSED)
def test_what_is_not_offered_refuses_in_one_line(place: str) -> None:
    module, _, name = place.rpartition(".")
    shape = getattr(import_module(module), name)
    with pytest.raises(NotImplementedError) as caught:
        shape("anything", option=1)
    first, *rest = str(caught.value).splitlines()
    assert first.startswith(f"{name} is not offered: ")
    assert len(rest) == 1


def test_every_name_of_v1_can_be_imported() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "check-imports"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_what_the_sdk_has_is_not_refused() -> None:
    """A class of ours is never hidden behind a stand-in of the same name."""
    defined = set()
    for path in (ROOT / "runner" / "sdk").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defined |= {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    hidden = set()
    for path in (ROOT / "runner" / "compat" / "azureml").rglob("*.py"):
        relative = path.relative_to(ROOT / "runner" / "compat").with_suffix("")
        loaded = import_module(".".join(relative.parts).removesuffix(".__init__"))
        shown = {name: getattr(loaded, name) for name in getattr(loaded, "__all__", ())}
        hidden |= {name for name, value in shown.items() if isinstance(value, type) and issubclass(value, Refused)}
    assert hidden & defined == set()


def test_hyperparameter_words_are_plain_values() -> None:
    hyperdrive = import_module("azureml.train.hyperdrive")
    space = {"--rate": hyperdrive.loguniform(-6, -1), "--batch": hyperdrive.choice(16, 32)}
    assert hyperdrive.choice([16, 32]) == space["--batch"]
    assert hyperdrive.RandomParameterSampling(space).parameter_space == space
    assert hyperdrive.BanditPolicy(slack_factor=0.1, evaluation_interval=2).slack_factor == 0.1
    assert hyperdrive.PrimaryMetricGoal.MAXIMIZE.name == "MAXIMIZE"
    exceptions = import_module("azureml.train.hyperdrive.exceptions")
    with pytest.raises(exceptions.HyperDriveConfigException, match="slack_factor or slack_amount"):
        hyperdrive.BanditPolicy()


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(import_module("azureml.core"), "no_such_name")
    assert not hasattr(import_module("azureml.core.compute"), "no_such_name")


def test_install_twice_puts_the_folder_first_once() -> None:
    install()
    folder = sys.path[0]
    assert Path(folder).name == "compat"
    assert sys.path.count(folder) == 1


def test_importing_core_alone_reaches_data_and_loads_little() -> None:
    """What it costs in time is a row of benchmarks/start.py."""
    code = (
        "import sys; from runner.azureml import install; install(); before = set(sys.modules);"
        "import azureml.core, azureml.pipeline.core, azureml.pipeline.steps;"
        "azureml.core.VERSION; azureml.data.__version__;"
        "ours = [name for name in set(sys.modules) - before if name.partition('.')[0] in ('runner', 'azureml')];"
        "assert 'pandas' not in sys.modules; assert len(ours) <= 30, sorted(ours)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_other_distributions_may_add_to_azureml(tmp_path: Path) -> None:
    (tmp_path / "azureml" / "elsewhere").mkdir(parents=True)
    (tmp_path / "azureml" / "__init__.py").touch()
    (tmp_path / "azureml" / "elsewhere" / "__init__.py").touch()
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from runner.azureml import install; install();"
        "import azureml.elsewhere, azureml.core; print(azureml.core.VERSION)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=Path(__file__).parents[3])


def test_submodules_of_the_standard_library_are_reached_as_with_v1() -> None:
    """v1 imports requests and msrest, which import these."""
    code = (
        "import urllib, xml, importlib, sys; from runner.azureml import install; install(); import azureml.core;"
        "assert 'urllib.request' not in sys.modules;"
        "assert urllib.request.quote('a b') == 'a%20b'; assert xml.etree.ElementTree.fromstring('<a/>').tag == 'a';"
        "assert importlib.util.find_spec; assert not hasattr(urllib, 'no_such_module');"
        "import concurrent; assert concurrent.futures.ThreadPoolExecutor"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
