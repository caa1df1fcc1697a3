"""Environments and run configurations of v1, and the notes on how runner meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.environments.local_wheels import seal
from runner.environments.names import project
from runner.model.environment import EnvironmentSpec
from runner.sdk import (
    CondaDependencies,
    DockerConfiguration,
    Environment,
    Pipeline,
    PythonScriptStep,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from runner.sdk.base.exceptions import NotOffered, UserErrorException
from runner.sdk.environments.docker_build import DockerBuildContext
from runner.sdk.environments.sections import DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE
from runner.sdk.environments.specification import translate
from tests.support.fake_session import FakeSession
from tests.support.wheel_files import write_wheel


def with_image(image: str | None, *, ready: bool = False) -> Environment:
    made = Environment("e")
    made.docker.enabled = True
    made.docker.base_image = image
    made.python.user_managed_dependencies = ready
    return made


@pytest.mark.parametrize("image", [None, "", DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE])
def test_v1s_default_image_is_the_default_base_without_a_word(image: str | None) -> None:
    for ready in (True, False):
        done = translate(with_image(image, ready=ready))
        assert (done.environment.spec, done.notes) == (EnvironmentSpec(), ())


def test_v1s_other_bases_become_the_default_one_with_a_line() -> None:
    old = "mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04:20210301.v1"
    done = translate(with_image(old))
    assert done.environment.spec.image == ""
    assert done.notes == (f"environment 'e': v1's base image {old} is not used; the default base is",)
    assert translate(with_image(old, ready=True)).environment.spec.image == old
    curated = "mcr.microsoft.com/azureml/curated/sklearn-1.5:1"
    assert translate(with_image(curated)).environment.spec.image == curated
    assert translate(with_image("team/base@sha256:0")).environment.spec.image == "team/base@sha256:0"


def test_a_private_registry_goes_before_the_image() -> None:
    made = with_image("ml/base:1")
    made.docker.base_image_registry.address = "registry.example.org"
    assert translate(made).environment.spec.image == "registry.example.org/ml/base:1"


def test_a_mapped_curated_name_is_its_image_whatever_the_version(ws: Workspace, session: FakeSession) -> None:
    session.curated = {"AzureML-sklearn-1.5": "team/sklearn:1"}
    assert Environment.get(ws, "AzureML-sklearn-1.5", version="7").docker.base_image == "team/sklearn:1"
    assert Environment.get(ws, "azureml-SKLearn-1.5").docker.base_image == "team/sklearn:1"
    assert Environment.list(ws)["AzureML-sklearn-1.5"].docker.base_image == "team/sklearn:1"


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("AzureML-sklearn-0.24-ubuntu18.04-py37-cpu", "scikit-learn"),
        ("AzureML-pytorch-1.10-ubuntu18.04-py38-cuda11-gpu", "torch"),
        ("AzureML-TensorFlow-2.2-CPU", "tensorflow"),
        ("AzureML-Tutorial", "matplotlib"),
        ("AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu", "lightgbm"),
    ],
)
def test_an_unmapped_curated_name_becomes_packages_and_is_told(
    ws: Workspace, capsys: pytest.CaptureFixture[str], name: str, package: str
) -> None:
    config = RunConfiguration()
    config.environment = Environment.get(ws, name)
    done = translate(config.environment)
    assert package in {project(line) for line in done.environment.spec.pip}
    Pipeline(ws, PythonScriptStep("a.py", runconfig=config)).submit("e")
    assert capsys.readouterr().err.count(f"environment '{name}': v1's curated one is not here") == 1


def test_other_names_are_unknown(ws: Workspace) -> None:
    for name in ("mine", "AzureML-AutoML"):
        with pytest.raises(UserErrorException, match="not registered"):
            Environment.get(ws, name)


def test_pip_options_reach_the_plan(tmp_path: Path) -> None:
    conda = CondaDependencies.create(pip_indexurl="https://index.example.org/simple", pip_packages=["a==1"])
    conda.set_pip_option("--extra-index-url https://other.example.org")
    made = Environment("e")
    made.python.conda_dependencies = conda
    expected = ("--index-url https://index.example.org/simple", "--extra-index-url https://other.example.org", "a==1")
    assert translate(made).environment.spec.pip == expected
    path = tmp_path / "conda.yml"
    conda.save_to_file(str(tmp_path), "conda.yml")
    made.python.conda_dependencies_file = str(path)
    assert translate(made).environment.spec.pip == expected


def test_requirement_files(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("six==1.16.0\n-r ../requirements.txt\n")
    (tmp_path / "requirements.txt").write_text(
        "# ours\n--extra-index-url https://other.example.org\n-r more/base.txt\npandas>=2, \\\n  <3  # pinned\n"
    )
    made = Environment.from_pip_requirements("e", str(tmp_path / "requirements.txt"))
    conda = made.python.conda_dependencies
    assert conda is not None
    assert list(conda.pip_packages) == ["six==1.16.0", "pandas>=2, <3"]
    assert conda.pip_options == ["--extra-index-url https://other.example.org"]
    with pytest.raises(UserErrorException, match="cannot be read"):
        Environment.from_pip_requirements("e", "nowhere.txt")


def test_conda_dependencies_in_all_of_v1s_words() -> None:
    conda = CondaDependencies.create(
        pip_packages=["azureml-sdk"], conda_packages=["numpy"], python_version="3.8", pin_sdk_version=False
    )
    assert conda.get_python_version() == "3.8"
    conda.add_channel("conda-forge")
    conda.add_channel("pytorch")
    conda.remove_channel("pytorch")
    conda.set_pip_requirements(["a==1", "--pre", "b"])
    conda.remove_pip_option("--pre")
    conda.set_pip_index_url("--index-url https://one.example.org")
    conda.set_pip_index_url("https://two.example.org")
    assert conda.as_dict() == {
        "name": "project_environment",
        "channels": ["conda-forge"],
        "dependencies": ["python=3.8", "numpy", {"pip": ["--index-url https://two.example.org", "a==1", "b"]}],
    }
    assert "python=3.8" in conda.serialize_to_string()
    assert CondaDependencies.merge_requirements(["a==1", "b", "A==2"]) == ["A==2", "b"]


@pytest.mark.parametrize(
    ("spec", "version"),
    [
        ("python=3.6.2", "3.6.2"),
        ("python==3.11", "3.11"),
        ("python=3.11.*", "3.11"),
        ("python>=3.6", ""),
        ("python>=3.12", "3.12"),
        ("python>=3.6,<3.9", "3.6"),
        ("python 3.7.*", "3.7"),
        ("python=3.8.5=h12debd9_1", "3.8.5"),
        ("conda-forge::python=3.8", "3.8"),
        ("python[version='>=3.8,<3.9']", "3.8"),
        ("python", ""),
    ],
)
def test_the_python_of_a_conda_specification(spec: str, version: str) -> None:
    assert CondaDependencies.create(conda_packages=[spec]).get_python_version() == version


def test_a_run_configuration_does_not_show_secrets() -> None:
    config = RunConfiguration()
    config.environment_variables = {"PLACE": "here", "DB_PASSWORD": "hunter2"}
    assert "hunter2" not in repr(config)
    assert "'PLACE': 'here'" in repr(config)


def test_tensorflow_by_its_own_methods() -> None:
    conda = CondaDependencies()
    conda.add_tensorflow_conda_package("gpu", "2.12")
    conda.add_tensorflow_pip_package(version="2.13")
    assert (list(conda.conda_packages), list(conda.pip_packages)) == (["tensorflow-gpu=2.12"], ["tensorflow==2.13"])
    with pytest.raises(UserErrorException, match="core_type"):
        conda.add_tensorflow_pip_package("tpu")


def test_paths_and_addresses_are_packages_of_their_own() -> None:
    """Only a requirement that names a package takes the place of another one."""
    own = ["git+https://x.example/a.git", "git+https://x.example/b.git", "./wheels/a.whl", "./wheels/b.whl",
           "https://x.example/a-1.0-py3-none-any.whl", "https://x.example/b-1.0-py3-none-any.whl",
           "-e ./a", "-e ./b"]  # fmt: skip
    conda = CondaDependencies.create(pip_packages=[*own, "c @ https://x.example/c.whl", "d[extra]>=1", "D == 2", *own])
    assert list(conda.pip_packages) == ["c @ https://x.example/c.whl", "D == 2", *own]
    conda.remove_pip_package("./wheels/a.whl")
    conda.remove_pip_package("c")
    assert list(conda.pip_packages) == ["D == 2", *(one for one in own if one != "./wheels/a.whl")]


def test_an_environment_goes_through_a_folder(tmp_path: Path) -> None:
    made = Environment.from_dockerfile("mine", "FROM python:3.12\nRUN true\n")
    made.python.user_managed_dependencies = False
    made.python.conda_dependencies = CondaDependencies.create(pip_packages=["a==1"])
    made.environment_variables = {"A": "1"}
    folder = str(tmp_path / "env")
    made.save_to_directory(folder)
    again = Environment.load_from_directory(folder)
    assert translate(again) == translate(made)
    with pytest.raises(UserErrorException, match="overwrite=True"):
        made.save_to_directory(folder)
    made.save_to_directory(folder, overwrite=True)
    (tmp_path / "env" / "azureml_environment.json").write_text("{")
    with pytest.raises(UserErrorException, match="not JSON"):
        Environment.load_from_directory(folder)
    with pytest.raises(UserErrorException, match="cannot be read"):
        Environment.load_from_directory("nowhere")


def test_what_v1_has_written_is_read(tmp_path: Path) -> None:
    document = {
        "name": "old",
        "version": "3",
        "environmentVariables": {"A": "1"},
        "python": {"userManagedDependencies": True, "interpreterPath": "/opt/python", "baseCondaEnvironment": None},
        "docker": {"enabled": False, "baseImage": "team/base:1", "platform": {"os": "Linux"}},
        "spark": {"repositories": []},
    }
    (tmp_path / "azureml_environment.json").write_text(json.dumps(document))
    spec = translate(Environment.load_from_directory(str(tmp_path))).environment.spec
    assert (spec.image, spec.ready, spec.interpreter) == ("team/base:1", True, "/opt/python")


def test_a_build_context_is_its_dockerfile(tmp_path: Path, ws: Workspace) -> None:
    (tmp_path / "ctx").mkdir()
    (tmp_path / "ctx" / "Dockerfile").write_text("FROM python:3.12\n")
    context = DockerBuildContext.from_local_directory(ws, str(tmp_path / "ctx"))
    made = Environment.from_docker_build_context("e", context)
    assert translate(made).environment.spec.dockerfile == "FROM python:3.12\n"


def test_building_makes_it_now(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    made = Environment("e")
    made.python.conda_dependencies = CondaDependencies.create(pip_packages=["azureml-sdk", "a==1"])
    built = made.build(ws)
    built.wait_for_completion(show_output=True)
    assert built.status == "Succeeded"
    assert "environment 'e': fake:" in capsys.readouterr().out


def test_a_run_configuration_goes_through_a_file(tmp_path: Path) -> None:
    config = RunConfiguration(
        script="train.py", arguments=["--n", 1], conda_dependencies=CondaDependencies.create(pip_packages=["a==1"])
    )
    config.target = "cpu"
    config.environment_variables = {"A": "1"}
    config.docker = DockerConfiguration(use_docker=True, shm_size="8g")
    path = config.save(str(tmp_path), "mine")
    assert path == tmp_path / ".azureml" / "mine.runconfig"
    for again in (RunConfiguration.load(str(tmp_path), "mine"), RunConfiguration.load(str(path))):
        assert (again.script, again.arguments, again.target) == ("train.py", ["--n", "1"], "cpu")
        assert (again.environment_variables, again.docker.shm_size) == ({"A": "1"}, "8g")
        assert translate(again.environment) == translate(config.environment)
    with pytest.raises(UserErrorException, match="no such run configuration"):
        RunConfiguration.load(str(tmp_path), "other")
    config.save(str(tmp_path), "second")
    with pytest.raises(UserErrorException, match="several"):
        RunConfiguration.load(str(tmp_path))
    path.write_text("dataReferences: {x: {}}\n")
    with pytest.raises(NotOffered, match="dataReferences"):
        RunConfiguration.load(str(path))


def test_v1s_fields_of_a_run_configuration() -> None:
    config = RunConfiguration(framework="python", communicator="None")
    config.environment.docker.enabled = True
    config.environment.docker.use_docker = True
    config.prepare_environment = False
    config.auto_prepare_environment = True
    assert config.node_count == config.mpi.node_count == 1
    assert config.docker.shm_size == "2g"
    assert "DockerConfiguration" in repr(config)


def test_a_script_run_takes_a_run_configuration_as_it_is() -> None:
    config = RunConfiguration(script="a.py", arguments=["--x"])
    with pytest.warns(UserWarning, match=r"compute_target, environment, max_run_duration_seconds ignored"):
        run = ScriptRunConfig(
            ".",
            run_config=config,
            environment=Environment("own"),
            compute_target="cpu",
            max_run_duration_seconds=5,
        )
    assert run.run_config is config
    assert (config.environment.name, config.target, config.max_run_duration_seconds) == ("", "local", None)
    assert (run.script, run.arguments) == ("a.py", ["--x"])
    with pytest.raises(NotOffered, match="resume_from"):
        ScriptRunConfig(".", "a.py", resume_from=object())


def test_curated_names_are_listed_and_known_in_small_letters(ws: Workspace) -> None:
    listed = ws.environments
    assert "AzureML-Minimal" in listed
    assert [name for name in listed if name.startswith("AzureML-sklearn")]
    assert listed["AzureML-Minimal"].name == "AzureML-Minimal"
    small = Environment.get(ws, "azureml-sklearn-1.5")
    assert "scikit-learn==1.5.*" in (small.python.conda_dependencies or CondaDependencies()).pip
    assert listed["azureml-pytorch-9.9-gpu"].name == "azureml-pytorch-9.9-gpu"
    assert "mine" not in listed
    with pytest.raises(KeyError):
        listed["AzureML-nobody-knows"]


def test_a_private_wheel_is_stored_under_its_content(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    path = write_wheel(tmp_path)
    url = Environment.add_private_pip_wheel(ws, str(path))
    assert session.store.get(url.removeprefix("runner://")) == path.read_bytes()
    made = Environment("e")
    made.python.conda_dependencies = CondaDependencies.create(pip_packages=["six", url])
    sealed = seal(translate(made).environment)
    (wheel,) = sealed.environment.spec.wheels
    assert (wheel.name, sealed.environment.spec.pip, sealed.problems) == (path.name, ("six",), ())
    with pytest.raises(UserErrorException, match=r"has a wheel mine-1\.0-py3-none-any\.whl already"):
        Environment.add_private_pip_wheel(ws, str(path))
    assert Environment.add_private_pip_wheel(ws, str(path), exist_ok=True) == url
    write_wheel(tmp_path, code="VALUE = 2\n")
    assert Environment.add_private_pip_wheel(ws, str(path), exist_ok=True) != url


def test_a_file_that_is_no_wheel_is_not_added(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match="cannot be read: No such file or directory"):
        Environment.add_private_pip_wheel(ws, str(tmp_path / "mine-1.0-py3-none-any.whl"))
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UserErrorException, match="is no file name of a wheel"):
        Environment.add_private_pip_wheel(ws, str(tmp_path / "notes.txt"))


def test_local_wheels_are_named_from_the_file_that_lists_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wheel(tmp_path / "dist")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "all.txt").write_text("six\n-r own.txt\n")
    (tmp_path / "requirements" / "own.txt").write_text("../dist/mine-1.0-py3-none-any.whl\n")
    (tmp_path / "requirements" / "conda.yml").write_text(
        "dependencies:\n- pip:\n  - -r all.txt\n  - ../dist/mine-1.0-py3-none-any.whl\n"
    )
    listed = ["six", str(path)]
    assert CondaDependencies("requirements/conda.yml").pip == listed
    from_file = Environment.from_pip_requirements("e", "requirements/all.txt").python.conda_dependencies
    assert from_file is not None
    assert from_file.pip == listed
    named = "./dist/mine-1.0-py3-none-any.whl"
    made = CondaDependencies.create(pip_packages=["mine==0.9", named])
    assert made.pip == [named]
    config = Environment("e")
    config.python.conda_dependencies = made
    assert translate(config).environment.spec.pip == (str(path),)
    made.add_pip_package("-r requirements/all.txt")
    assert made.pip == ["six", str(path)]
    made.add_pip_package("mine==2.0")
    assert made.pip == ["six", "mine==2.0"]


def test_a_registered_environment_names_a_stored_wheel(ws: Workspace, tmp_path: Path) -> None:
    path = write_wheel(tmp_path)
    made = Environment("e")
    made.python.conda_dependencies = CondaDependencies.create(pip_packages=[str(path)])
    made.register(ws)
    path.unlink()
    known = Environment.get(ws, "e")
    sealed = seal(translate(known).environment)
    assert [wheel.name for wheel in sealed.environment.spec.wheels] == [path.name]
    made.python.conda_dependencies.add_pip_package(str(tmp_path / "gone-1.0-py3-none-any.whl"))
    with pytest.raises(UserErrorException, match="No such file"):
        made.register(ws)
