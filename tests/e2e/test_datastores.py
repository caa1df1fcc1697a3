"""Datastores beside the workspace store, on this machine: folders and buckets, read, written and copied between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.model.store_endpoint import BucketEndpoint
from runner.storage.s3.store import BucketStore
from tests.support.minio_server import minio_server
from tests.support.projects import Project
from tests.support.small_azure import KEY, SmallAzure, small_azure

FOLDERS = """\
name: shop
datastores:
  shared: {type: folder, path: ../shared, account: contoso, container: raw}
  out: {type: folder, path: ../out}
"""
DRIVER = """
    from azureml.data.data_reference import DataReference
    from azureml.data.datapath import DataPath, DataPathComputeBinding
    from azureml.pipeline.core import PipelineParameter
    from azureml.pipeline.steps import DataTransferStep

    raw = Datastore.register_azure_blob_container(ws, datastore_name="raw_data", container_name="raw",
                                                  account_name="contoso", account_key="THE-KEY")
    out, files = Datastore.get(ws, "out"), Datastore(ws, "workspacefilestore")
    files.upload_files(["steps/out.txt"], target_path="extra")
    csvs = Dataset.File.from_files((raw, "in")).as_named_input("csvs").as_mount()
    place = (PipelineParameter("place", DataPath(raw, "in")), DataPathComputeBinding())
    made = PipelineData("made", datastore=out)
    first = PythonScriptStep("pass_on.py", "first", [csvs, place, files.path("extra", "extra"), "--", made], "local",
                             inputs=[place, files.path("extra", "extra")], outputs=[made], source_directory="steps")
    move = DataTransferStep("move", made, out.path("copies/made", "copy"), "local")
    single = DataTransferStep("single", DataReference(raw, "lone", "in/out.txt"), files.path("copied"), "local",
                              destination_reference_type="directory")
    last = data("last")
    end = step("last", inputs=[move.get_output()], outputs=[last], compute="local")
    end.run_after(single)
    run = Experiment(ws, "tests").submit(Pipeline(ws, [end]))
    run.wait_for_completion(show_output=False)
    port = run.find_step_run("first")[0].get_output_data("made")
    print("PORT", port.datastore_name, port.download("got"), out.download("got", prefix="copies/"))
    later = step("later", inputs=[port.as_download(), move.get_output()][:1], outputs=[data("later")], compute="local")
    Experiment(ws, "tests").submit(Pipeline(ws, [later])).wait_for_completion(show_output=False)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", tmp_path / "cache")
    made.write("runner.yaml", FOLDERS)
    made.write("../shared/in/out.txt", "ab")
    made.write("steps/out.txt", "c")
    return made


def test_folders_are_read_written_and_copied_between(project: Project, tmp_path: Path) -> None:
    project.driver(DRIVER)
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (written,) = (tmp_path / "out" / "azureml").glob("*.first-1/made/out.txt")
    assert written.read_text() == "ababcx"
    assert (tmp_path / "out/copies/made/out.txt").read_text() == "ababcx"
    assert (project.folder / ".runner/workspacefilestore/copied/out.txt").read_text() == "ab"
    assert "PORT out 1 1" in ended.stdout
    assert (project.folder / "got" / written.relative_to(tmp_path / "out")).read_text() == "ababcx"
    assert (project.folder / "got/copies/made/out.txt").read_text() == "ababcx"
    assert [path.read_text() for path in project.folder.glob(".runner/azureml/*/last/out.txt")] == ["ababcxx"]
    assert [path.read_text() for path in project.folder.glob(".runner/azureml/*/later/out.txt")] == ["ababcxx"]
    kept = {name: data for name, data in project.files.items() if name.startswith(".runner/")}
    assert [name for name, data in kept.items() if b"THE-KEY" in data and not name.endswith(".zip")] == []


def test_a_datastore_that_is_not_configured_starts_nothing(project: Project) -> None:
    project.driver("""
        Datastore.register_azure_blob_container(ws, "lake", "box", "fabrikam")
    """)
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 2, ended.stderr
    for said in ("'lake'", "runner.yaml", "type: folder", "account: fabrikam", "container: box"):
        assert said in ended.stderr
    assert not (project.folder / ".runner").exists()


AZURE = """
    raw = Datastore.register_azure_blob_container(ws, "raw", "raw-data", "smallaccount", account_key="{key}",
                                                  endpoint="{endpoint}")
    print("LISTED", raw.download("got", prefix="in/"), raw.account_name, raw.container_name)
    made = data("made")
    files = Dataset.File.from_files((raw, "in/*.txt")).as_named_input("files").as_mount()
    given = [raw.path("in").as_download(), raw.path("in", "again").as_mount(), files]
    whole = step("read", inputs=given, outputs=[made], compute="local")
    run = Experiment(ws, "tests").submit(Pipeline(ws, [whole]))
    run.wait_for_completion(show_output=False)
    run.find_step_run("read")[0].get_output_data("made").download("made")
"""


def test_a_container_of_azure_is_registered_with_its_key_and_read(project: Project) -> None:
    server = SmallAzure(blobs={"in/out.txt": b"from azure "})
    with small_azure(server) as container:
        project.driver(AZURE.format(key=KEY, endpoint=container.endpoint))
        ended = project.run("run", "pipeline.py")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "LISTED 1 smallaccount raw-data" in ended.stdout
        listed = project.run("data", "ls", "raw:in")
        assert "out.txt" in listed.stdout, listed.stdout + listed.stderr
    (made,) = (project.folder / "made").rglob("out.txt")
    assert made.read_text() == "from azure " * 3 + "x"
    (kept,) = (project.cache / "config/runner/azure_blob").glob("smallaccount.raw-data.*.json")
    place = {"account": "smallaccount", "container": "raw-data", "endpoint": container.endpoint}
    assert json.loads(kept.read_text()) == {**place, "account_key": KEY}
    assert kept.stat().st_mode & 0o777 == 0o600
    mine = {name: data for name, data in project.files.items() if name.startswith(".runner/")}
    assert [name for name, data in mine.items() if KEY.encode() in data and not name.endswith(".zip")] == []
    assert KEY not in ended.stdout + ended.stderr
    assert server.blobs == {"in/out.txt": b"from azure "}


def test_datasets_are_registered_and_listed(project: Project) -> None:
    project.write("pens.csv", "a,b\n1,2\n")
    told = project.run(
        "dataset", "register", "pens", "--delimited", "data/pens.csv", "--upload", "pens.csv", "--tag", "k=v"
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [
        "1 file, 8 B → workspaceblobstore/data/pens.csv",
        "registered pens, version 1",
        "    workspaceblobstore/data/pens.csv",
    ]
    again = project.run("dataset", "register", "pens", "--delimited", "data/*.csv")
    assert (again.returncode, "--new-version" in again.stderr) == (2, True)
    newer = project.run("dataset", "register", "pens", "--files", "in", "--datastore", "shared", "--new-version")
    assert newer.stdout.splitlines()[0] == "registered pens, version 2"
    listed = project.run("dataset", "list").stdout.splitlines()
    assert [line.split() for line in listed] == [
        ["dataset", "version", "kind", "where"],
        ["pens", "2", "files", "shared/in"],
    ]
    (entry,) = json.loads(project.run("dataset", "list", "--json").stdout)["datasets"]
    assert (entry["name"], entry["version"], entry["kind"]) == ("pens", 2, "file")
    absent = project.run("dataset", "register", "other", "--files", "nowhere/**")
    assert (absent.returncode, "nothing lies at 'nowhere/**'" in absent.stderr) == (2, True)
    project.driver("""
        one, two = data("one"), data("two")
        both = [Dataset.get_by_name(ws, "pens").as_named_input("pens").as_mount()]
        submit(step("reads", inputs=both, outputs=[one], compute="local"))
    """)
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[BucketEndpoint]:
    with minio_server("lake") as vantage:
        yield vantage


@pytest.mark.docker
def test_a_bucket_is_a_datastore_of_local_steps(project: Project, lake: BucketEndpoint) -> None:
    keys = project.write(
        "keys.json", json.dumps({"access_key": lake.credentials.access_key, "secret_key": lake.credentials.secret_key})
    )
    keys.chmod(0o600)
    project.write(
        "runner.yaml",
        f"""
datastores:
  lake: {{type: bucket, bucket: {lake.bucket}, prefix: team, endpoint: '{lake.endpoint}', credentials: keys.json}}
""",
    )
    project.driver("""
        from azureml.pipeline.steps import DataTransferStep

        lake = Datastore.get(ws, "lake")
        lake.upload_files(["steps/out.txt"], target_path="in")
        made = PipelineData("made", datastore=lake)
        first = step("first", inputs=[lake.path("in", "given")], outputs=[made], compute="local")
        home = DataTransferStep("home", made, store.path("copies/made", "copy"), "local")
        away = DataTransferStep("away", store.path("copies", "back"), lake.path("copies", "again"), "local")
        away.run_after(home)
        submit(first, home, away)
    """)
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    store = BucketStore(lake)
    found = {info.key: store.get(info.key) for info in store.list("")}
    store.close()
    assert {key: data for key, data in found.items() if "azureml" not in key} == {
        "team/in/out.txt": b"c",
        "team/copies/made/out.txt": b"cx",
    }
    assert [key.split("/", 2)[2].split(".", 1)[1] for key in found if key.startswith("team/azureml/")] == [
        "away-1/again/made/out.txt",
        "first-1/made/out.txt",
    ]
    assert (project.folder / ".runner/copies/made/out.txt").read_bytes() == b"cx"
    secret = lake.credentials.secret_key.encode()
    assert [name for name, data in project.files.items() if secret in data] == ["keys.json"]
