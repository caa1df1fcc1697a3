"""Estimator, the estimators of frameworks, and EstimatorStep."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.model.step import InputPath, Interpreter, OutputPath
from runner.sdk import Datastore, Experiment, Pipeline, PipelineData, Workspace
from runner.sdk.base.exceptions import TrainingException
from runner.sdk.environments.environment import Environment
from runner.sdk.runconfig.run_configuration import MpiConfiguration
from runner.sdk.steps.distributed_training import Gloo, Mpi, ParameterServer
from runner.sdk.steps.estimator import Estimator, MMLBaseEstimator
from runner.sdk.steps.estimator_step import EstimatorStep
from runner.sdk.steps.framework_estimators import PyTorch, SKLearn, TensorFlow
from tests.support.fake_session import FakeSession

pytestmark = pytest.mark.filterwarnings("ignore:EstimatorStep is deprecated")


def pip_packages(estimator: Estimator) -> list[str]:
    dependencies = estimator.conda_dependencies
    assert dependencies is not None
    return list(dependencies.pip_packages)


def test_a_step_runs_the_script_in_the_estimators_environment(ws: Workspace, session: FakeSession) -> None:
    data = PipelineData("data")
    reference = Datastore(ws).path("raw", data_reference_name="raw")
    estimator = Estimator(".", entry_script="a.py", pip_packages=["numpy"], environment_variables={"N": 1})
    step = EstimatorStep(
        estimator=estimator,
        estimator_entry_script_arguments=["--in", reference, "--out", data],
        inputs=[reference],
        outputs=[data],
        compute_target="cpu",
        allow_reuse=False,
        version="2",
    )
    plan = Pipeline(ws, step).plan
    spec = plan.steps[0]
    assert spec.command == (Interpreter(), "a.py", "--in", InputPath("raw"), "--out", OutputPath("data"))
    assert (spec.name, spec.compute, spec.script, spec.reuse, spec.version) == ("a.py", "cpu", "a.py", False, "2")
    assert plan.environments[spec.environment].spec.pip == ("numpy",)
    assert spec.variables["N"] == "1"


def test_options_of_a_requirement_file_reach_pip(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("--extra-index-url https://index.example.org\na==1\n")
    dependencies = Estimator(str(tmp_path), entry_script="a.py", pip_requirements_file="requirements.txt")
    assert pip_packages(dependencies) == ["a==1"]
    assert dependencies.environment_definition.python.conda_dependencies is not None
    assert dependencies.environment_definition.python.conda_dependencies.pip_options == [
        "--extra-index-url https://index.example.org"
    ]


def test_an_estimator_of_a_framework_is_one_of_v1s_base() -> None:
    assert isinstance(Estimator(".", entry_script="a.py"), MMLBaseEstimator)


def test_a_step_says_that_it_is_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match="EstimatorStep is deprecated"):
        EstimatorStep("n", Estimator(".", entry_script="a.py"), [], compute_target="cpu")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"estimator": None}, "estimator is required"),
        ({"estimator_entry_script_arguments": None}, "arguments is required"),
        ({"compute_target": None}, "compute_target is required"),
        ({"estimator": Estimator(".", entry_script="a.py", script_params={"--a": 1})}, "script_params"),
        ({"estimator": Estimator(".", entry_script="a.py", inputs=["x"])}, "inputs of the Estimator"),
    ],
)
def test_what_a_step_refuses(options: dict[str, object], words: str) -> None:
    given: dict[str, object] = {
        "estimator": Estimator(".", entry_script="a.py"),
        "estimator_entry_script_arguments": [],
        "compute_target": "cpu",
        **options,
    }
    with pytest.raises(ValueError, match=words):
        EstimatorStep(**given)  # type: ignore[arg-type]  # that is what is tested


def test_an_estimator_is_submitted_by_itself(ws: Workspace, session: FakeSession) -> None:
    reference = Datastore(ws).path("raw", data_reference_name="raw").as_mount()
    params = {"--in": reference, "--rate": 0.1, "--verbose": ""}
    estimator = Estimator(".", entry_script="a.py", compute_target="cpu", script_params=params)
    run = Experiment(ws, "e").submit(estimator)
    spec = session.views[run.id].plan.steps[0]
    assert spec.command == (Interpreter(), "a.py", "--in", InputPath("raw"), "--rate", "0.1", "--verbose")
    assert spec.compute == "cpu"


def test_packages_come_from_lists_and_from_files_of_the_source_directory(tmp_path: Path, session: FakeSession) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "requirements.txt").write_text("pandas\n# no more\n")
    (tmp_path / "conda.yml").write_text("dependencies: [scipy, {pip: [rich]}]\n")
    made = Estimator(
        "src",
        entry_script="a.py",
        conda_dependencies_file="conda.yml",
        pip_requirements_file="requirements.txt",
        conda_packages=["numpy"],
        pip_packages=["pyyaml"],
        custom_docker_image="base:1",
        user_managed=True,
        shm_size="4g",
    )
    assert pip_packages(made) == ["rich", "pandas", "pyyaml"]
    assert made.conda_dependencies is not None
    assert list(made.conda_dependencies.conda_packages) == ["scipy", "numpy"]
    environment = made.environment_definition
    assert (environment.docker.base_image, environment.python.user_managed_dependencies) == ("base:1", True)
    assert made.run_config.docker.shm_size == "4g"


def test_an_environment_of_the_users_own_is_taken() -> None:
    own = Environment("mine")
    assert Estimator(".", entry_script="a.py", environment_definition=own).environment_definition is own


@pytest.mark.parametrize("options", [{"node_count": 2}, {"process_count_per_node": 2}])
def test_several_processes_need_a_way_to_distribute_them(options: dict[str, int]) -> None:
    with pytest.raises(TrainingException, match="need distributed_training"):
        Estimator(".", entry_script="a.py", **options)  # type: ignore[arg-type]  # each is tested
    with pytest.raises(TrainingException, match="cannot be a str"):
        Estimator(".", entry_script="a.py", distributed_training="mpi")
    with pytest.raises(TrainingException, match="cannot be 'tcp'; it can be: mpi, ps, nccl, gloo"):
        Estimator(".", entry_script="a.py", distributed_backend="tcp")


@pytest.mark.parametrize(
    ("options", "kind", "counts"),
    [
        ({"node_count": 2, "distributed_training": Mpi(3)}, "mpi", (2, 3)),
        ({"node_count": 2, "distributed_training": MpiConfiguration(3)}, "mpi", (2, 3)),
        ({"node_count": 2, "process_count_per_node": 4, "distributed_backend": "mpi"}, "mpi", (2, 4)),
        ({"node_count": 2, "process_count_per_node": 2, "distributed_training": Gloo()}, "pytorch", (2, 2)),
        ({"node_count": 2, "distributed_training": ParameterServer(4, 1)}, "tensorflow", (2, 2)),
    ],
)
def test_an_estimator_of_several_processes_is_a_gang(
    ws: Workspace, options: dict[str, object], kind: str, counts: tuple[int, int]
) -> None:
    made = Estimator(".", entry_script="a.py", compute_target="cpu", **options)  # type: ignore[arg-type]  # as above
    whole = EstimatorStep(estimator=made, estimator_entry_script_arguments=[], compute_target="cpu")
    (step,) = Pipeline(ws, [whole]).plan.steps
    assert step.workers is not None
    assert (step.workers.nodes, step.workers.processes) == counts
    assert step.command[3] == f'{{"kind": "{kind}"}}'


def test_a_script_is_required() -> None:
    with pytest.raises(ValueError, match="entry_script"):
        Estimator(".")


def test_estimators_of_frameworks_install_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert pip_packages(SKLearn(".", entry_script="a.py")) == ["scikit-learn"]
    assert pip_packages(PyTorch(".", entry_script="a.py", framework_version="2.1", pip_packages=["x"])) == [
        "x",
        "torch==2.1.*",
    ]
    assert not capsys.readouterr().err
    assert pip_packages(TensorFlow(".", entry_script="a.py", framework_version="1.13")) == ["tensorflow"]
    assert "framework_version 1.13 has no package for Python 3.10" in capsys.readouterr().err
