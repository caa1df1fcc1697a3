"""Runs that a driver logs to itself, and what lies below them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.sdk import Experiment, Run, ScriptRunConfig, Workspace
from runner.sdk.base.exceptions import ActivityFailedException, SnapshotException, UserErrorException
from runner.sdk.runs.logged_run import LoggedRun
from runner.sdk.runs.script_run import ScriptRun
from runner.storage.directory import DirectoryStore
from tests.support.fake_session import FakeSession, opened


@pytest.fixture
def run(ws: Workspace) -> Run:
    return Experiment(ws, "e").start_logging(snapshot_directory=None)


def again(ws: Workspace, run: Run) -> Run:
    """The run as another process finds it."""
    return Run.get(ws, run.id)


def test_what_is_logged_is_there_for_others_at_once(ws: Workspace, run: Run) -> None:
    run.log("loss", 2.0)
    run.log("loss", 1.0)
    run.log_list("list", range(3))
    run.log_row("row", x=1, y=2)
    run.log_table("table", {"x": [1, 2]})
    run.log_confusion_matrix("matrix", json.dumps({"schema_type": "confusion_matrix", "data": {}}))
    run.set_tags({"a": 1, "b": 2})
    run.remove_tags(["b"])
    run.add_properties({"p": 1})
    seen = again(ws, run)
    assert isinstance(seen, LoggedRun)
    assert seen.get_metrics() == {
        "loss": [2.0, 1.0],
        "list": [0, 1, 2],
        "row": {"x": 1, "y": 2},
        "table": {"x": [1, 2]},
        "matrix": {"schema_type": "confusion_matrix", "data": {}},
    }
    assert seen.get_metrics("loss") == {"loss": [2.0, 1.0]}
    assert (seen.tags, seen.properties, seen.status) == ({"a": "1"}, {"p": "1"}, "Running")


def test_properties_never_change(ws: Workspace, run: Run) -> None:
    run.add_properties({"p": 1})
    with pytest.raises(UserErrorException, match="cannot be changed"):
        again(ws, run).add_properties({"q": 2, "p": 2})
    assert run.properties == {"p": "1"}


def test_a_run_is_ended_by_its_owner(ws: Workspace) -> None:
    experiment = Experiment(ws, "e")
    with experiment.start_logging(snapshot_directory=None) as good:
        assert good.get_status() == "Running"
    assert again(ws, good).get_status() == "Completed"
    bad = experiment.start_logging(snapshot_directory=None)
    with pytest.raises(KeyError), bad:
        raise KeyError("x")
    assert again(ws, bad).get_status() == "Failed"
    assert isinstance(bad, LoggedRun)
    with pytest.raises(ActivityFailedException, match="KeyError"):
        bad.wait_for_completion()
    assert bad.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    error = bad.get_details()["error"]
    assert isinstance(error, dict)
    assert "KeyError" in error["error"]["message"]
    stopped = experiment.start_logging(snapshot_directory=None)
    below = stopped.child_run()
    stopped.cancel()
    assert (stopped.status, below.status) == ("Canceled", "Canceled")


def test_children(ws: Workspace, run: Run) -> None:
    first = run.child_run("first")
    first.log("m", 1)
    second = run.child_run(run_id="my-own_id")
    grandchild = first.child_run()
    assert [child.id for child in run.get_children()] == ["my-own_id", first.id]
    assert [child.id for child in run.get_children(recursive=True)] == ["my-own_id", first.id, grandchild.id]
    assert (first.name, first.parent.id if first.parent else "") == ("first", run.id)
    second.complete()
    assert [child.id for child in again(ws, run).get_children(status="Completed")] == ["my-own_id"]
    assert run.get_metrics(recursive=True) == {first.id: {"m": 1}}
    assert (first.number, second.number, run.number) == (1, 2, 1)


def test_several_children_at_once(run: Run) -> None:
    assert len(run.create_children(2)) == 2
    tagged = run.create_children(tag_key="fold", tag_values=[1, 2])
    assert [child.tags for child in tagged] == [{"fold": "1"}, {"fold": "2"}]
    assert [child.id for child in run.get_children(tags={"fold": 2})] == [tagged[1].id]
    assert len(list(run.get_children(tags="fold"))) == 2
    for wrong in ({}, {"count": 1, "tag_key": "x", "tag_values": []}, {"tag_key": "x"}):
        with pytest.raises(UserErrorException, match="either"):
            run.create_children(**wrong)


def test_a_child_can_be_submitted(ws: Workspace, session: FakeSession, run: Run) -> None:
    child = run.submit_child(ScriptRunConfig(".", "a.py"), tags={"t": 1})
    assert isinstance(child, ScriptRun)
    assert session.requests[-1].parent == run.id
    assert child.parent is not None
    assert child.parent.id == run.id
    assert [found.id for found in again(ws, run).get_children()] == [child.id]
    assert [found.id for found in run.get_children(type="azureml.PipelineRun")] == []


def test_ids(ws: Workspace, run: Run) -> None:
    experiment = Experiment(ws, "e")
    assert experiment.start_logging(run_id="mine", snapshot_directory=None).id == "mine"
    for taken in ("mine", "no spaces", "a.b", "20260102t030405678z-aaaaaaaaaaaaaaaa"):
        with pytest.raises(UserErrorException, match=r"mine|cannot be a run's id"):
            experiment.start_logging(run_id=taken, snapshot_directory=None)
    with pytest.raises(BadInput, match="there is no run"):
        Run(experiment, "nobody")
    assert isinstance(Run(experiment, run.id), LoggedRun)


def test_files(ws: Workspace, run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x")
    run.upload_file("outputs/x.txt", "x.txt")
    run.upload_files(["a", "b/c"], ["x.txt", "x.txt"])
    run.log_image("picture", path="x.txt")
    run.log_image("picture", path="x.txt")
    (tmp_path / "folder/sub").mkdir(parents=True)
    (tmp_path / "folder/sub/y").write_text("y")
    run.upload_folder("outputs/model", "folder")
    seen = again(ws, run)
    names = ["a", "b/c", "logs/images/picture.txt", "logs/images/picture_2.txt", "outputs/model/sub/y", "outputs/x.txt"]
    assert seen.get_file_names() == names
    assert seen.get_metrics() == {"picture": ["logs/images/picture.txt", "logs/images/picture_2.txt"]}
    seen.download_file("b/c", str(tmp_path / "got/"))
    seen.download_files("outputs", "all")
    seen.download_files("outputs/", "bare", append_prefix=False)
    seen.download_files("a", output_paths=["renamed"])
    for path in ("got", "all/outputs/x.txt", "bare/x.txt", "renamed"):
        assert Path(path).read_text() == "x"
    assert seen.get_all_logs("logs-here") == [
        "logs-here/logs/images/picture.txt",
        "logs-here/logs/images/picture_2.txt",
    ]
    with pytest.raises(UserErrorException, match="its files: a, b/c"):
        seen.download_file("nothing")
    with pytest.raises(UserErrorException, match="no file"):
        run.upload_files(["n", "m"], ["x.txt", "missing"])
    assert "n" not in run.get_file_names()


def test_new_files_in_outputs_are_kept_at_the_end(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    old = tmp_path / "outputs" / "old"
    old.write_text("before")
    os.utime(old, (1, 1))
    with Experiment(ws, "e").start_logging(snapshot_directory=None) as run:
        (tmp_path / "outputs" / "new").write_text("new")
        with run.child_run():
            pass
    assert run.get_file_names() == ["outputs/new"]
    with Experiment(ws, "e").start_logging(snapshot_directory=None, outputs=False) as run:
        (tmp_path / "outputs" / "newer").write_text("new")
    assert run.get_file_names() == []


def test_a_plot_is_kept_as_a_picture(run: Run) -> None:
    class Plot:
        def savefig(self, path: str) -> None:
            Path(path).write_bytes(b"png")

    run.log_image("roc", plot=Plot())
    assert run.get_file_names() == ["logs/images/roc.png"]
    with pytest.raises(UserErrorException, match="either path or plot"):
        run.log_image("roc")


def test_snapshots(ws: Workspace, tmp_path: Path) -> None:
    run = Experiment(ws, "e").start_logging()
    with zipfile.ZipFile(run.restore_snapshot()) as archive:
        assert sorted(archive.namelist()) == ["a.py", "b.py"]
    assert Path(f"{run.get_snapshot_id()}.zip").is_file()
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "c.py").write_text("c")
    identity = run.take_snapshot("one/c.py")
    assert again(ws, run).get_snapshot_id() == identity
    folder = Path.cwd() / "restored"
    assert run.restore_snapshot(path="restored") == str(folder / f"{run.get_snapshot_id()}.zip")
    assert [path.is_file() for path in folder.iterdir()] == [True]
    Path("file").touch()
    with pytest.raises(SnapshotException, match="cannot be written below"):
        run.restore_snapshot(path="file")
    with zipfile.ZipFile(folder / f"{identity}.zip") as archive:
        assert archive.namelist() == ["c.py"]
    assert run.restore_snapshot(identity, "one/") == str(Path.cwd() / "one" / f"{identity}.zip")
    with pytest.raises(SnapshotException, match="no snapshot 'x'"):
        run.restore_snapshot("x")
    with pytest.raises(SnapshotException, match="nothing"):
        run.take_snapshot("missing")
    with pytest.raises(SnapshotException, match="has no snapshot"):
        Experiment(ws, "e").start_logging(snapshot_directory=None).restore_snapshot()


def test_names_can_be_set(ws: Workspace, run: Run) -> None:
    assert run.display_name == run.id
    run.display_name = "nice"
    run.description = "what it is"
    assert (again(ws, run).display_name, again(ws, run).description) == ("nice", "what it is")
    assert Experiment(ws, "e").start_logging("named", snapshot_directory=None).display_name == "named"


def test_wrong_values_are_refused(run: Run) -> None:
    import numpy as np

    for wrong in ([1], {"a": 1}, np.array([1, 2])):
        with pytest.raises(UserErrorException, match="log_list"):
            run.log("m", wrong)
    with pytest.raises(UserErrorException, match="log_list takes"):
        run.log_list("m", "text")
    with pytest.raises(UserErrorException, match="log_table takes"):
        run.log_table("m", [1])  # type: ignore[arg-type]  # what a user may do
    with pytest.raises(UserErrorException, match="no JSON"):
        run.log_residuals("m", "{")
    with pytest.raises(UserErrorException, match="name is a text"):
        run.log("", 1)
    run.log("m", np.float32(0.5))
    assert run.get_metrics() == {"m": 0.5}


def test_another_process_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_STEP", raising=False)
    store = DirectoryStore(tmp_path / ".runner", durable=False)
    with opened(FakeSession(store=store)):  # type: ignore[arg-type]  # any store will do
        run = Experiment(Workspace.from_config(), "e").start_logging(snapshot_directory=None)
        run.log("m", 1)
    code = (
        "from runner import Workspace, Experiment, Run\n"
        "ws = Workspace.from_config()\n"
        f"run = Run.get(ws, {run.id!r})\n"
        "run.log('m', 2)\n"
        "print(run.get_metrics(), [found.id for found in ws.experiments['e'].get_runs()] == [run.id])"
    )
    root = str(Path(__file__).parents[3])
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": root},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stdout == "{'m': [1, 2]} True\n", done.stderr
