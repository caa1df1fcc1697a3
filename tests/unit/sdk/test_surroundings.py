"""Workspace, compute targets, environments, models: what surrounds a pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.operations.values import WorkspaceFacts
from runner.sdk import (
    AmlCompute,
    ComputeTarget,
    CondaDependencies,
    Environment,
    Model,
    Pipeline,
    PythonScriptStep,
    RunConfiguration,
    Workspace,
    __all__,
)
from runner.sdk.base import session as seam
from runner.sdk.base.exceptions import (
    ComputeTargetException,
    ModelNotFoundException,
    ModelPathNotFoundException,
    UserErrorException,
)
from runner.sdk.environments.specification import translate
from tests.support.fake_session import FakeSession


def test_every_public_name_is_there() -> None:
    import runner

    assert all(getattr(runner, name) is not None for name in __all__)
    with pytest.raises(AttributeError):
        _ = runner.NoSuchName


def test_no_configuration_is_needed(ws: Workspace) -> None:
    assert (ws.name, ws.subscription_id, ws.resource_group, ws.location) == ("fake", "sub", "group", "here")
    assert ws.get_details()["name"] == "fake"
    assert ws.get_default_datastore().name == "workspaceblobstore"
    assert list(ws.datastores) == ["workspaceblobstore"]


def test_v1s_configuration_is_found_upwards(
    session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Workspace("s", "g", "mine").write_config()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path / "deep" / "er")
    found = Workspace.from_config()
    assert (found.name, found.resource_group, found.subscription_id) == ("mine", "g", "s")
    assert Workspace.from_config(str(tmp_path)).name == "mine"
    with pytest.raises(UserErrorException, match="no workspace configuration"):
        Workspace.from_config("nowhere")
    with pytest.raises(UserErrorException, match="cannot be read"):
        Workspace.from_config(str(tmp_path / "deep"))


def test_in_a_bucket_a_driver_works_in_the_workspace_of_its_folder(session: FakeSession) -> None:
    session.workspace_facts = WorkspaceFacts(name="mine", apart=True)
    assert Workspace.get("Mine").name == "Mine"
    others: tuple[Callable[[], Workspace], ...] = (
        lambda: Workspace.get("theirs"),
        lambda: Workspace.create("theirs"),
        lambda: Workspace("s", "g", "theirs"),
    )
    for other in others:
        with pytest.raises(UserErrorException, match="'theirs' is not the open one") as refused:
            other()
        assert "name: theirs" in str(refused.value)
        assert "type 'workspace'" in str(refused.value)
    session.workspace_facts = WorkspaceFacts(name="mine")
    assert Workspace.get("theirs").name == "theirs"  # a folder is one workspace under every name


def test_the_name_in_runner_yaml_goes_before_v1s_file(session: FakeSession) -> None:
    Workspace("s", "g", "of-v1").write_config()
    session.workspace_facts = WorkspaceFacts(name="mine", apart=True, fixed=True)
    found = Workspace.from_config()
    assert (found.name, found.subscription_id) == ("mine", "s")
    with pytest.raises(UserErrorException, match="'of-v1' is not the open one"):
        Workspace.from_config(".")  # a file that is asked for by its path is meant


def test_compute_by_v1s_idiom(ws: Workspace, session: FakeSession, capsys: pytest.CaptureFixture[str]) -> None:
    assert type(ComputeTarget(ws, "anything")) is AmlCompute
    session.targets = ("kind",)
    assert ComputeTarget(workspace=ws, name="kind").type == "AmlCompute"
    with pytest.raises(ComputeTargetException, match="known: kind"):
        AmlCompute(ws, "cpu")
    config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes="1", max_nodes=4)
    made = ComputeTarget.create(ws, "cpu", config)
    made.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
    assert made.get_status().serialize()["scaleSettings"] == {"minNodeCount": 1, "maxNodeCount": 4}
    assert list(ws.compute_targets) == ["kind", "cpu"]
    assert "ready" in capsys.readouterr().out
    with pytest.raises(ComputeTargetException, match="whole numbers"):
        AmlCompute.provisioning_configuration(min_nodes="few")


def test_conda_dependencies_round_trip(tmp_path: Path) -> None:
    made = CondaDependencies.create(
        pip_packages=["pandas==2.3.3"], conda_packages=["scikit-learn", "python=3.11"], python_version="3.12"
    )
    made.add_pip_package("pandas==2.2.3")
    made.add_channel("conda-forge")
    path = made.save(str(tmp_path / "conda.yml"))
    again = CondaDependencies(path)
    assert again.as_dict() == made.as_dict()
    assert (list(again.pip_packages), list(again.conda_packages)) == (["pandas==2.2.3"], ["scikit-learn"])
    assert again.python == "3.12"
    again.remove_conda_package("scikit-learn")
    again.remove_pip_package("pandas")
    assert again.as_dict()["dependencies"] == ["python=3.12"]
    with pytest.raises(UserErrorException, match="cannot be read"):
        CondaDependencies("nowhere.yml")


def test_packages_and_python_reach_the_plan_as_they_are_written() -> None:
    environment = Environment("old")
    environment.python.conda_dependencies = CondaDependencies.create(
        python_version="3.6.2", pip_packages=["azureml-defaults", "azureml-dataprep[pandas]", "requests==2.32.3"]
    )
    done = translate(environment)
    assert done.environment.spec.pip == ("azureml-defaults", "azureml-dataprep[pandas]", "requests==2.32.3")
    assert done.environment.spec.python == "3.6.2"
    assert done.notes == ()


def test_a_stated_date_reaches_the_plan_and_the_written_forms(ws: Workspace, tmp_path: Path) -> None:
    environment = Environment("old", packages_until="2021-06-01")
    assert translate(environment).environment.spec.packages_until == "2021-06-01"
    assert environment.clone("new").packages_until == "2021-06-01"
    environment.save_to_directory(str(tmp_path / "old"))
    assert Environment.load_from_directory(str(tmp_path / "old")).packages_until == "2021-06-01"
    environment.register(ws)
    assert Environment.get(ws, "old").packages_until == "2021-06-01"
    assert Environment("plain").packages_until == ""


def test_a_step_without_an_environment_has_what_azureml_defaults_brought() -> None:
    spec = translate(None).environment.spec
    assert spec == EnvironmentSpec(pip=("azureml-defaults", "pandas", "psutil"), default=True)


def test_a_file_of_requirements_becomes_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep").mkdir()
    (tmp_path / "req.txt").write_text("--extra-index-url https://i\nsix==1.16 # why\n-r deep/more.txt\n")
    (tmp_path / "deep" / "more.txt").write_text("tomli\n")
    (tmp_path / "deep" / "conda.yml").write_text("dependencies:\n- pip:\n  - -r more.txt\n  - attrs\n")
    for line in ("-r req.txt", "-rreq.txt", "--requirement req.txt", "--requirement=req.txt"):
        made = CondaDependencies.create(pip_packages=[line])
        assert (made.pip, made.pip_options) == (["six==1.16", "tomli"], ["--extra-index-url https://i"])
    assert CondaDependencies("deep/conda.yml").pip == ["tomli", "attrs"]
    for line in ("-r nowhere.txt", "-r https://host/req.txt"):
        with pytest.raises(UserErrorException, match=r"cannot be read|are not read"):
            CondaDependencies().add_pip_package(line)
        with pytest.raises(UserErrorException, match=r"cannot be read|are not read"):
            CondaDependencies().set_pip_option(line)


def test_the_notes_are_told_at_submit(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    config = RunConfiguration()
    config.environment = Environment.get(ws, "AzureML-Minimal")
    Pipeline(ws, PythonScriptStep("a.py", runconfig=config)).submit("e")
    assert "environment 'AzureML-Minimal': v1's curated one is not here" in capsys.readouterr().err


def test_images_and_dockerfiles() -> None:
    ready = translate(Environment.from_docker_image("x", "python:3.12")).environment.spec
    assert (ready.image, ready.ready) == ("python:3.12", True)
    own = translate(Environment.from_dockerfile("x", "FROM python:3.12\nRUN true\n")).environment.spec
    assert (own.dockerfile, own.ready) == ("FROM python:3.12\nRUN true\n", False)
    built = Environment("x")
    built.docker.base_image = "python:3.12"
    built.python.conda_dependencies = CondaDependencies.create(pip_packages=["a"])
    assert not translate(built).environment.spec.ready
    assert translate(None).environment.name == "default"


def test_the_run_configuration_reaches_the_plan(ws: Workspace) -> None:
    config = RunConfiguration()
    config.target = "from-config"
    config.environment = Environment("env")
    config.environment.environment_variables["A"] = "1"
    config.environment_variables["B"] = "2"
    other = RunConfiguration()
    other.environment = Environment("env")
    other.environment.docker.base_image = "other"
    plan = Pipeline(
        ws,
        [
            PythonScriptStep("a.py", runconfig=config),
            PythonScriptStep("b.py", runconfig=other, compute_target="own", allow_reuse=False),
        ],
    ).plan
    assert [step.compute for step in plan.steps] == ["from-config", "own"]
    assert plan.steps[0].variables == {"B": "2"}
    assert plan.environments["env"].variables == {"A": "1"}
    assert plan.steps[1].environment.startswith("env-")
    assert [step.reuse for step in plan.steps] == [True, False]
    with pytest.raises(UserErrorException.__bases__[0], match="RunConfiguration"):
        PythonScriptStep("a.py", runconfig="config")


def test_registered_environments_and_curated_names(ws: Workspace, session: FakeSession) -> None:
    made = Environment("mine")
    made.python.conda_dependencies = CondaDependencies.create(pip_packages=["a==1"])
    assert made.register(ws).version == "1"
    assert made.register(ws).version == "1"
    made.environment_variables["X"] = "y"
    assert made.register(ws).version == "2"
    assert translate(Environment.get(ws, "mine")) == translate(made)
    assert Environment.get(ws, "mine", version="1").environment_variables == {}
    assert [name for name in ws.environments if not name.startswith("AzureML-")] == ["mine"]
    with pytest.raises(UserErrorException, match="not registered"):
        Environment.get(ws, "Minimal")
    session.curated = {"AzureML-Minimal": "team/minimal:1"}
    curated = translate(Environment.get(ws, "AzureML-Minimal")).environment
    assert curated == NamedEnvironment("AzureML-Minimal", EnvironmentSpec(image="team/minimal:1", ready=True))
    assert made.clone("copy").name == "copy"


def test_a_step_takes_the_image_its_environments_name_is_mapped_to(ws: Workspace, session: FakeSession) -> None:
    session.curated = {"AzureML-Minimal": "team/minimal:1"}
    config = RunConfiguration(conda_dependencies=CondaDependencies.create(pip_packages=["a==1"]))
    config.environment.name = "AzureML-Minimal"
    config.environment.environment_variables["X"] = "y"
    plan = Pipeline(ws, PythonScriptStep("a.py", runconfig=config)).plan
    used = plan.environments["AzureML-Minimal"]
    assert (used.spec.image, used.spec.ready, used.variables) == ("team/minimal:1", True, {"X": "y"})


def test_an_environment_with_a_secret_is_not_kept(ws: Workspace, session: FakeSession) -> None:
    made = Environment("mine")
    made.environment_variables = {"API_TOKEN": "canary-5"}
    with pytest.raises(UserErrorException, match="API_TOKEN") as refused:
        made.register(ws)
    assert "canary-5" not in str(refused.value)
    assert not list(session.store.list(""))


def test_models(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "weights").write_text("1")
    first = Model.register(ws, "net", "m", tags={"k": 1})
    assert (first.name, first.version, first.id, first.tags) == ("m", 1, "m:1", {"k": "1"})
    (tmp_path / "net" / "weights").write_text("2")
    assert Model.register(workspace=ws, model_path="net/weights", model_name="m").version == 2
    assert Model(ws, "m").version == 2
    path = Path(Model.get_model_path("m", _workspace=ws))
    assert path == Path("azureml-models/m/2/weights")
    assert path.read_text() == "2"
    assert Path(Model(ws, "m", version=1).download("here")).joinpath("weights").read_text() == "1"
    assert [model.id for model in Model.list(ws)] == ["m:2", "m:1"]
    assert [model.id for model in Model.list(ws, latest=True)] == ["m:2"]
    with pytest.raises(ModelNotFoundException):
        Model(ws, "other")
    with pytest.raises(ModelPathNotFoundException):
        Model.register(ws, "nowhere", "m")


def test_a_step_does_not_open_the_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    seam.use(None)
    monkeypatch.setenv("RUNNER_STEP", "/x")
    with pytest.raises(Exception, match="from inside this step"):
        seam.current()


def test_capture_ends_the_driver_past_its_own_handlers(ws: Workspace, session: FakeSession) -> None:
    assert not issubclass(seam.Captured, Exception)
