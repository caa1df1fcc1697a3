"""What a step's process reaches of the workspace: its store, its datastores, other runs, its own pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from runner.data import named_datastores, registry
from runner.data.named_datastores import NamedDatastore
from runner.errors import BadInput
from runner.model import events as e
from runner.model.access import Access
from runner.model.context import StagedInput, StepContext, StoreAccess
from runner.model.credentials import Credentials
from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.document import to_document
from runner.model.plan import Plan, Submission
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.runs import index, journal, plans
from runner.sdk import CondaDependencies, Dataset, Datastore, Environment, Experiment, Model, Run, Workspace
from runner.sdk.base import session
from runner.sdk.base.exceptions import NotOffered, UserErrorException
from runner.sdk.base.step_session import StepSession
from runner.sdk.runs import run as run_module
from runner.sdk.runs.context_run import ContextRun
from runner.storage.directory import DirectoryStore
from runner.storage.s3.store import BucketStore
from tests.support.builders import RUN, plan, step

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


def journaled(store: DirectoryStore, what: Plan) -> None:
    """Submit a run to the store."""
    said = Submission(plan=plans.save(store, what), experiment="e", tags={"from": "driver"})
    index.add(store, index.IndexEntry(run=RUN, experiment="e", created=NOW))
    journal.Writer(store, RUN, "submit", 0).append([e.RunSubmitted(said), e.AttemptStarted("a", 1, "u")], NOW)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    made = DirectoryStore(tmp_path / "workspace", durable=False)
    journaled(made, plan(step("a")))
    return made


@pytest.fixture
def run(store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContextRun]:
    """The run object of a step whose store is a folder."""
    access = StoreAccess(folder=str(tmp_path / "workspace"), datastores={"other": str(tmp_path / "other")})
    yield from in_step(tmp_path, monkeypatch, access)


def in_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: StoreAccess) -> Iterator[ContextRun]:
    folder = tmp_path / "work" / "step"
    (folder / "reports").mkdir(parents=True)
    (tmp_path / "work" / "code" / "outputs").mkdir(parents=True)
    context = StepContext(run=RUN, key="a", name="A", step_run=f"{RUN}.a", attempt=1, experiment="e", access=access)
    (folder / "context.json").write_text(json.dumps(to_document(context)))
    monkeypatch.setenv("RUNNER_STEP", str(folder))
    monkeypatch.setenv("AZUREML_ARM_WORKSPACE_NAME", "w")
    monkeypatch.setenv("AZUREML_ARM_SUBSCRIPTION", "s")
    monkeypatch.setattr(run_module, "_contexts", {})
    monkeypatch.chdir(tmp_path / "work" / "code")
    session.use(None)
    made = Run.get_context()
    assert isinstance(made, ContextRun)
    yield made
    session.use(None)


def test_the_workspace_has_its_names(run: ContextRun) -> None:
    assert (run.experiment.workspace.name, Workspace.from_config().subscription_id) == ("w", "s")


def test_models_are_read_and_registered(run: ContextRun) -> None:
    ws = run.experiment.workspace
    Path("m.txt").write_text("m")
    Model.register(ws, "m.txt", "given")
    assert Path(Model.get_model_path("given")).read_text() == "m"
    Path("outputs/net.pkl").write_text("net")
    made = run.register_model("trained", model_path="outputs/net.pkl", tags={"k": "v"})
    assert (made.run_id, made.version) == (f"{RUN}.a", 1)
    assert [model.name for model in Model.list(ws)] == ["given", "trained"]


def test_a_model_may_lie_in_an_input_or_an_output(run: ContextRun, tmp_path: Path) -> None:
    given, made, other = (tmp_path / name for name in ("inputs", "outputs", "other"))
    for folder in (given, made, other):
        folder.mkdir(exist_ok=True)
        (folder / "net.pkl").write_text("net")
    context = replace(
        run.context, inputs={"i": StagedInput(Mode.MOUNT, str(given))}, outputs={"o": str(made / "net.pkl")}
    )
    (run.folder / "context.json").write_text(json.dumps(to_document(context)))
    ws = run.experiment.workspace
    assert Model.register(ws, str(given), "folder").record.files == ("inputs/net.pkl",)
    assert Model.register(ws, str(made / "net.pkl"), "file").record.files == ("net.pkl",)
    with pytest.raises(PermissionError, match="outside the current folder"):
        Model.register(ws, str(other / "net.pkl"), "other")


def test_registered_datasets_and_datastores(run: ContextRun, store: DirectoryStore, tmp_path: Path) -> None:
    store.put("data/rows.csv", b"a\n1\n")
    definition = DatasetDefinition(
        kind="tabular", paths=(DatastorePath("workspaceblobstore", "data/rows.csv"),), format="delimited"
    )
    registry.register(store, "rows", registry.Registration(definition), new_version=False)
    ws = run.experiment.workspace
    rows = Dataset.get_by_name(ws, "rows")
    assert rows.to_pandas_dataframe()["a"].tolist() == [1]  # type: ignore[union-attr]  # rows, not files
    named_datastores.give_name(store, "alias", NamedDatastore("other"))
    Path("x.txt").write_text("x")
    Datastore(ws, "alias").upload_files(["x.txt"], show_progress=False)
    assert (tmp_path / "other" / "x.txt").read_text() == "x"
    with pytest.raises(UserErrorException, match="cannot open the datastore 'nowhere' by name"):
        Datastore(ws, "nowhere")
    with pytest.raises(BadInput, match="cannot open"):
        ws.session.datastore("nowhere")


def test_what_is_configured_and_not_declared_is_told_with_its_declaration(
    tmp_path: Path, store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = BucketEndpoint(bucket="lake", endpoint="http://127.0.0.1:1", credentials=Credentials("", "k"))
    stores = StepStores(far, {"lake": far, "workspacefilestore": far}, {"db": "v", "api": "w"})
    told = tmp_path / "stores.json"
    told.write_text(json.dumps(to_document(stores.only(Access(secrets=("api",))))))
    named_datastores.set_default(store, "lake")
    access = StoreAccess(folder=str(tmp_path / "workspace"), stores=str(told))
    for run in in_step(tmp_path, monkeypatch, access):
        assert run.get_secret("api") == "w"
        with pytest.raises(UserErrorException, match=r"configure\(step, secrets=\['db'\]\)"):
            run.get_secret("db")
        with pytest.raises(UserErrorException, match=r"there is no secret 'bd' \(known: api, db"):
            run.get_secret("bd")
        for name in ("lake", "workspacefilestore"):
            with pytest.raises(BadInput, match=rf"configure\(step, datastores=\['{name}'\]\)"):
                run.experiment.workspace.session.datastore(name)
        with pytest.raises(BadInput, match="does not declare the datastore 'lake'"):
            Datastore.get_default(run.experiment.workspace).upload_files([__file__])


def test_child_runs_are_seen_by_others(run: ContextRun, store: DirectoryStore) -> None:
    with run.child_run("fold") as child:
        child.log("m", 1)
    assert [found.id for found in run.get_children()] == [child.id]
    assert run.get_metrics(recursive=True) == {child.id: {"m": 1}}
    assert child.parent is not None
    assert child.parent.id == run.id
    assert next(store.list(f"logged/children/{run.id}/")).key.endswith(child.id)


def test_itself_as_others_see_it(run: ContextRun) -> None:
    assert run.get_details()["status"] == "Queued"
    assert run.get_snapshot_id() == "s" * 64
    assert run.get_environment().name == "env"
    assert [found.id for found in run.experiment.get_runs()] == [RUN]
    assert list(run.experiment.workspace.experiments) == ["e"]


def test_files_of_its_own(run: ContextRun) -> None:
    Path("x").write_text("x")
    run.upload_file("kept/x", "x")
    Path("outputs/y").write_text("y")
    assert run.get_file_names() == ["kept/x", "outputs/y"]
    run.download_file("kept/x", "copy")
    assert Path("copy").read_text() == "x"
    with pytest.raises(UserErrorException, match="has no file"):
        run.download_file("outputs/z")


def test_nothing_is_submitted_from_inside(run: ContextRun) -> None:
    with pytest.raises(NotOffered, match="from inside a step"):
        run.session.submit(Plan(steps=()), None)  # type: ignore[arg-type]  # refused whatever it is


def test_a_pods_stores_come_from_its_secret_file(tmp_path: Path) -> None:
    workspace = BucketEndpoint(bucket="b", endpoint="http://localhost:1", credentials=Credentials("k", "s3cret"))
    stores = StepStores(workspace, {"far": BucketEndpoint(bucket="far", endpoint="http://localhost:2")})
    (tmp_path / "stores.json").write_text(json.dumps(to_document(stores)))
    opened = StepSession(StoreAccess(stores=str(tmp_path / "stores.json")))
    assert isinstance(vars(opened.store)["_store"], BucketStore)
    assert isinstance(opened.datastore("far"), BucketStore)
    assert opened.datastore("far") is opened.datastore("far")
    assert "s3cret" not in repr(opened.__dict__)


def test_a_wheel_is_stored_by_drivers_alone(run: ContextRun) -> None:
    ws = run.experiment.workspace
    Path("mine-1.0-py3-none-any.whl").write_bytes(b"")
    remedy = "store it in the driver"
    with pytest.raises(UserErrorException, match="cannot be stored from inside a step") as refused:
        Environment.add_private_pip_wheel(ws, "mine-1.0-py3-none-any.whl")
    assert remedy in str(refused.value)
    local = Environment("local")
    local.python.conda_dependencies = CondaDependencies.create(pip_packages=["./mine-1.0-py3-none-any.whl"])
    with pytest.raises(UserErrorException, match="cannot be stored from inside a step"):
        local.register(ws)
    public = Environment("public")
    public.python.conda_dependencies = CondaDependencies.create(pip_packages=["numpy"])
    assert public.register(ws).version == "1"


def test_a_step_without_access_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for run in in_step(tmp_path, monkeypatch, StoreAccess()):
        run.log("m", 1)
        with pytest.raises(BadInput, match="cannot be opened from inside this step"):
            run.child_run()
        assert Experiment(run.experiment.workspace, "e").name == "e"
