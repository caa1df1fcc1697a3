"""Models: found by what is said of them, changed, deleted; registered from a run's files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.sdk import Experiment, Model, Workspace
from runner.sdk.base.exceptions import (
    ModelNotFoundException,
    ModelPathNotFoundException,
    NotOffered,
    UserErrorException,
)
from runner.sdk.models.resource_configuration import ResourceConfiguration


@pytest.fixture
def model(ws: Workspace, tmp_path: Path) -> Model:
    (tmp_path / "m.pkl").write_text("m")
    return Model.register(
        ws,
        "m.pkl",
        "m",
        tags={"area": "x"},
        properties={"p": 1},
        description="what it is",
        model_framework=Model.Framework.SCIKITLEARN,  # type: ignore[attr-defined]  # made by type()
        model_framework_version="1.0",
    )


def test_what_is_known_of_it(model: Model) -> None:
    document = model.serialize()
    assert (document["id"], document["framework"], document["tags"]) == ("m:1", "ScikitLearn", {"area": "x"})
    assert (model.url, model.description) == ("aml://asset/m:1", "what it is")
    assert (model.properties, model.model_framework_version) == ({"p": "1"}, "1.0")
    assert model.created_time.tzinfo is not None
    assert "name=m, id=m:1" in repr(model)


def test_found_by_what_is_said_of_it(ws: Workspace, model: Model) -> None:
    Model.register(ws, "m.pkl", "m")
    assert Model(ws, id="m:1").version == 1
    assert Model(ws, "m", version=1).version == 1
    assert Model(ws, "m").version == 2
    assert Model(ws, "m", tags={"area": "x"}).version == 1
    assert Model(ws, tags=["area"]).version == 1
    assert Model(ws, properties=[["p", "1"]]).version == 1
    assert [found.id for found in Model.list(ws, tags=[["area", "x"]])] == ["m:1"]
    assert Model.list(ws, tags={"area": "y"}) == []
    assert Model.list(ws, model_framework="ScikitLearn")[0].id == "m:1"
    assert sorted(ws.models) == ["m"]
    for wrong in ({"name": "n"}, {"id": "m:9"}, {"tags": {"area": "y"}}, {}):
        with pytest.raises(ModelNotFoundException):
            Model(ws, **wrong)
    with pytest.raises(ModelNotFoundException, match="registered: m"):
        Model(ws, "n")
    with pytest.raises(UserErrorException, match="name:version"):
        Model(ws, id="m")


def test_tags_change_and_properties_do_not(ws: Workspace, model: Model) -> None:
    model.add_tags({"new": 1})
    model.remove_tags(["area"])
    model.add_properties({"q": 1})
    again = Model(ws, "m")
    assert (again.tags, again.properties) == ({"new": "1"}, {"p": "1", "q": "1"})
    with pytest.raises(UserErrorException, match="cannot be changed"):
        again.add_properties({"p": 2})
    with pytest.raises(UserErrorException, match="cannot be changed"):
        again.update_tags_properties(add_tags={"x": 1}, add_properties={"p": 2})
    again.update_tags_properties(add_tags={"more": 1}, remove_tags=["new"], add_properties={"r": 1})
    assert (again.tags, again.properties) == ({"more": "1"}, {"p": "1", "q": "1", "r": "1"})
    again.update(tags={"only": 1}, description="other")
    assert (Model(ws, "m").tags, Model(ws, "m").description) == ({"only": "1"}, "other")


def test_a_deleted_version_is_gone_with_its_files(ws: Workspace, model: Model) -> None:
    model.delete()
    assert Model.list(ws) == []
    assert list(ws.session.store.list("registry/models/")) == []


def test_only_what_lies_below_the_current_folder(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "m"
    elsewhere.write_text("m")
    with pytest.raises(PermissionError, match="outside the current folder"):
        Model.register(ws, str(elsewhere), "m")
    with pytest.raises(UserErrorException, match="cannot name a model"):
        Model.register(ws, "a.py", "a/b")


def test_no_download_leaves_its_folder(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "net").write_text("net")
    (tmp_path / "mine").write_text("mine")
    model = Model.register(ws, "net", "m")
    model.record = replace(model.record, files=("net", "../mine"))
    with pytest.raises(BadInput, match="invalid as paths"):
        model.download("here", exist_ok=True)
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "here").exists()


def test_some_paths_of_a_folder(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "net/deep").mkdir(parents=True)
    for name in ("net/a", "net/b", "net/deep/c"):
        (tmp_path / name).write_text(name)
    model = Model.register(ws, "net", "m", child_paths=["a", "deep"])
    assert model.record.files == ("net/a", "net/deep/c")
    assert model.download("here") == "here/net"
    with pytest.raises(UserErrorException, match="exist_ok"):
        model.download("here")
    assert model.download("here", exist_ok=True) == "here/net"


def test_deployment_is_refused_in_one_line() -> None:
    with pytest.raises(NotOffered, match="Azure service"):
        Model.deploy(None, "service", [])


def test_a_run_registers_its_files(ws: Workspace) -> None:
    run = Experiment(ws, "e").start_logging(snapshot_directory=None)
    run.upload_file("outputs/model/weights", "a.py")
    run.upload_file("outputs/model.pkl", "b.py")
    file = run.register_model("file", model_path="outputs/model.pkl", tags={"k": 1}, description="d")
    folder = run.register_model("folder", model_path="./outputs/model/")
    assert (file.record.files, folder.record.files) == (("model.pkl",), ("model/weights",))
    assert (file.run_id, file.experiment_name, file.tags) == (run.id, "e", {"k": "1"})
    assert file.run is not None
    assert file.run.id == run.id
    assert [found.name for found in Model.list(ws, run_id=run.id)] == ["file", "folder"]
    assert Path(Model.get_model_path("folder")) == Path("azureml-models/folder/1/model")
    with pytest.raises(ModelPathNotFoundException, match=r"its files: outputs/model.pkl, outputs/model/weights"):
        run.register_model("no", model_path="outputs/missing")


def test_what_serving_would_need_is_accepted(ws: Workspace) -> None:
    Path("m.pkl").write_text("m")
    wanted = ResourceConfiguration(cpu=1, memory_in_gb=0.5)
    assert Model.register(ws, "m.pkl", "m", resource_configuration=wanted).version == 1
    assert wanted.serialize() == {"cpu": 1, "memoryInGB": 0.5, "gpu": None}


def test_a_file_is_never_missing_while_another_process_downloads_it(
    ws: Workspace, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All processes of a parallel step call ``get_model_path`` in their ``init()``."""
    path = Path(Model.get_model_path("m", _workspace=ws))
    store = type(ws.session.store)
    download = store.download
    seen: list[str] = []

    def watched(self: object, key: str, target: Path) -> None:
        seen.append(path.read_text())
        download(self, key, target)  # type: ignore[arg-type]
        seen.append(path.read_text())

    monkeypatch.setattr(store, "download", watched)
    assert Path(Model.get_model_path("m", _workspace=ws)) == path
    assert seen == ["m", "m"]
    assert [one.name for one in path.parent.iterdir()] == ["m.pkl"]
