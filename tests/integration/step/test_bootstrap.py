from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.data import manifest, packing, snapshot
from runner.data.step_bundle import PRIVATE, archive
from runner.errors import StoreDenied, StoreUnreachable, StoreUntrusted
from runner.model.credentials import Credentials
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.digest import canonical_json, digest_of_bytes
from runner.model.document import to_document
from runner.model.names import attempt_folder
from runner.model.record import AttemptRecord, CommitRecord, Failure
from runner.model.step import InputPath, Interpreter, OutputPath
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.model.task import Task, snapshot_key
from runner.model.termination import from_message
from runner.runs import records
from runner.step import bootstrap, sigterm
from runner.step.attempt import Attempt
from runner.step.bootstrap import _defect, effective_record
from runner.storage.azure_blob.address import to_endpoint
from runner.storage.s3.credential_refresh import Renew
from tests.support import builders as b
from tests.support.canary import CANARY
from tests.support.leaking import LEAKING
from tests.support.memory_store import MemoryStore
from tests.support.small_azure import KEY, SmallAzure, small_azure


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The termination log of a container with no stores to use."""
    log = tmp_path / "log"
    log.touch()
    monkeypatch.setattr(bootstrap, "TERMINATION_LOG", log)
    monkeypatch.setenv("RUNNER_STORES", str(tmp_path / "stores.json"))
    return log


def test_the_attempt_that_was_committed_first_is_the_one_told_of() -> None:
    mine = b.record(2, Failure.USER, exit_code=3, reason="exit code 3", tail="last words")
    outputs = {"out": b.ref("first")}
    record = effective_record(mine, CommitRecord(attempt=1, record="key", outputs=outputs))
    assert (record.failure, record.exit_code, record.attempt) == (None, 0, 1)
    assert (record.outputs, record.reason, record.tail) == (outputs, "", "")


def test_ones_own_end_is_told_as_it_is() -> None:
    good, bad = b.record(), b.record(1, Failure.USER)
    assert effective_record(good, CommitRecord(attempt=1, record="key", outputs=good.outputs)) == good
    assert effective_record(bad, None) == bad


def test_nothing_is_a_success_without_a_commit() -> None:
    assert effective_record(b.record(), None).failure is Failure.LOST


@pytest.mark.parametrize("stores", [None, "no json", json.dumps({"workspace": 3})])
def test_our_own_failure_is_told_and_not_the_users(told: Path, tmp_path: Path, stores: str | None) -> None:
    if stores is not None:
        (tmp_path / "stores.json").write_text(stores)
    assert bootstrap.main() == 1
    message = from_message(told.read_text())
    assert message is not None
    assert message.record.failure is Failure.STORE
    if stores is None:
        assert "runner itself failed: FileNotFoundError" in message.record.reason


def test_outside_a_pod_no_file_is_made(told: Path) -> None:
    told.unlink()
    assert bootstrap.main() == 1
    assert not told.exists()


def test_keys_that_are_renewed_are_masked_as_well(told: Path, tmp_path: Path) -> None:
    old = StepStores(
        BucketEndpoint(bucket="b", endpoint="http://s:1", credentials=Credentials("", "old-canary")),
        secrets={"token": "kept-canary"},
    )
    hidden = list(bootstrap._secrets(old))
    new = replace(old, workspace=replace(old.workspace, credentials=Credentials("", "new-canary", "new-token")))
    (tmp_path / "stores.json").write_text(json.dumps(to_document(new)))
    for _ in range(2):
        assert bootstrap._renewed(hidden).workspace.credentials.secret_key == "new-canary"
    assert hidden == [b"old-canary", b"kept-canary", b"new-canary", b"new-token"]


@pytest.fixture
def pod(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """A container whose bucket is in memory, with a task assigned to it that fails when its variable says so."""
    store = MemoryStore()
    (tmp_path / "source").mkdir()
    script = (
        "import os, sys\nimport azureml.core\nopen(sys.argv[1], 'w').write('x')\nsys.exit(int(os.environ['CODE']))\n"
    )
    (tmp_path / "source" / "script.py").write_text(script)
    taken = snapshot.take(tmp_path / "source")
    packing.keep(store, taken)
    command = (Interpreter(), "script.py", OutputPath("out"))
    task = records.assign(store, b.task(snapshot=taken.digest, command=command))
    (tmp_path / "step.pyz").write_bytes(archive())
    (tmp_path / "stores.json").write_text(
        json.dumps(to_document(StepStores(BucketEndpoint(bucket="bucket", endpoint="http://h"))))
    )
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "step.pyz")])
    monkeypatch.setattr(bootstrap, "BucketStore", lambda *_: store)
    for name, value in (("ASSIGNMENT", task.id.assignment), ("TASK", task.digest), ("WORK", str(tmp_path / "work"))):
        monkeypatch.setenv(f"RUNNER_{name}", value)
    monkeypatch.setenv("CODE", "0")
    return store


def told_of(log: Path) -> AttemptRecord:
    message = from_message(log.read_text())
    assert message is not None
    return message.record


def test_a_whole_attempt(pod: MemoryStore, told: Path, tmp_path: Path) -> None:
    assert bootstrap.main() == 0
    record, commit = records.record_of(pod, b.task_id()), records.committed(pod, b.task_id())
    assert record is not None
    assert commit is not None
    assert told_of(told) == record
    assert record.outputs == commit.outputs
    assert not list((tmp_path / "work").rglob(PRIVATE)), "the script imports from the archive"
    told.write_text("")
    assert bootstrap.main() == 0
    assert told.read_text() == ""


@pytest.mark.parametrize(("name", "failure"), [("lake", None), ("pond", Failure.INPUT)])
def test_an_output_lies_on_its_datastore(
    pod: MemoryStore,
    told: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    failure: Failure | None,
) -> None:
    lake = MemoryStore()
    stores = StepStores(
        BucketEndpoint(bucket="bucket", endpoint="http://h"),
        {"lake": BucketEndpoint(bucket="lake", endpoint="http://lake")},
    )
    (tmp_path / "stores.json").write_text(json.dumps(to_document(stores)))
    for opener in ("BucketStore", "open_store"):
        monkeypatch.setattr(bootstrap, opener, lambda endpoint, *_: {"bucket": pod, "lake": lake}[endpoint.bucket])
    task = records.assignment(pod, b.task_id().assignment)
    (output,) = task.outputs
    moved = replace(task, outputs=(replace(output, datastore=name),))
    pod.put(task.id.assignment, canonical_json(to_document(moved)))
    monkeypatch.setenv("RUNNER_TASK", moved.digest)
    bootstrap.main()
    record = told_of(told)
    assert record.failure is failure
    assert lake.objects == ({output.key: b"x"} if failure is None else {})
    assert failure is None or "no access to the datastore 'pond'" in record.reason


def test_a_failed_attempt(pod: MemoryStore, told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "3")
    assert bootstrap.main() == 3
    assert told_of(told).failure is Failure.USER
    assert records.committed(pod, b.task_id()) is None


def test_a_commit_that_comes_while_the_script_runs_is_in_force(
    pod: MemoryStore, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first(store: MemoryStore, task: Task, record: AttemptRecord) -> CommitRecord | None:
        return CommitRecord(attempt=7, record="key", outputs={"out": b.ref("first")})

    monkeypatch.setattr(records, "finish", first)
    monkeypatch.setenv("CODE", "3")
    assert bootstrap.main() == 0
    assert (told_of(told).failure, told_of(told).attempt) == (None, 7)


def test_a_bug_of_ours_leaves_a_record_that_names_it(
    pod: MemoryStore, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def buggy(_self: object) -> AttemptRecord:
        raise KeyError("oops")

    monkeypatch.setattr(Attempt, "run", buggy)
    assert bootstrap.main() == 1
    record = records.record_of(pod, b.task_id())
    assert record is not None
    assert (record.failure, record.reason) == (Failure.STORE, "runner itself failed: KeyError: 'oops'")
    assert told_of(told) == record


def outputs_in(store: MemoryStore) -> list[str]:
    return [key for key in store.objects if key.startswith("azureml/")]


def test_a_zombie_that_ends_late_loses_and_takes_its_outputs_with_it(pod: MemoryStore, told: Path) -> None:
    """The controller gave it up, and the attempt that followed has been committed since."""
    other = records.assign(pod, replace(records.assignment(pod, b.task_id().assignment), id=b.task_id(attempt=2)))
    kept = CommitRecord(attempt=2, record=other.id.record, outputs={"out": b.ref("azureml/kept")})
    write = pod.upload

    def late(key: str, path: Path, digest: str = "") -> None:
        write(key, path, digest)
        if key.startswith("azureml/"):
            pod.put_if_absent(other.id.commit, canonical_json(to_document(kept)))

    pod.upload = late  # type: ignore[method-assign]  # between its upload and its commit
    assert bootstrap.main() == 0
    assert records.committed(pod, b.task_id()) == kept
    assert outputs_in(pod) == []
    assert (told_of(told).attempt, told_of(told).outputs) == (2, kept.outputs)


def test_an_end_that_was_told_for_it_is_in_force(pod: MemoryStore, told: Path) -> None:
    write = pod.upload

    def late(key: str, path: Path, digest: str = "") -> None:
        write(key, path, digest)
        pod.put_if_absent(b.task_id().record, canonical_json(to_document(b.record(1, Failure.LOST))))

    pod.upload = late  # type: ignore[method-assign]
    assert bootstrap.main() == 1
    assert records.committed(pod, b.task_id()) is None
    assert outputs_in(pod) == []


def test_half_of_its_outputs_are_none(pod: MemoryStore, told: Path) -> None:
    write = pod.upload

    def failing(key: str, path: Path, digest: str = "") -> None:
        write(key, path, digest)
        if key.startswith("azureml/"):
            raise StoreUnreachable("the store is away")

    pod.upload = failing  # type: ignore[method-assign]
    assert bootstrap.main() == 1
    assert told_of(told).failure is Failure.STORE
    assert outputs_in(pod) == []


@pytest.mark.parametrize("canceled", [True, False])
@pytest.mark.parametrize("where", ["snapshots/", "azureml/"])
def test_told_to_stop_it_leaves_a_record_and_no_half_of_a_commit(
    pod: MemoryStore, told: Path, monkeypatch: pytest.MonkeyPatch, where: str, canceled: bool
) -> None:
    """While it stages in or out; what is staged out has a moment left, unless nobody wants it any more."""
    monkeypatch.setattr(sigterm, "OUTPUT_GRACE", 0.01)
    read, write = pod.get, pod.upload
    went_on: list[str] = []

    def stop(key: str) -> None:
        if key.startswith(where):
            if canceled:
                records.cancel(pod, b.RUN)
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
            went_on.append(key)

    def get(key: str) -> bytes:
        data = read(key)
        stop(key)
        return data

    def upload(key: str, path: Path, digest: str = "") -> None:
        write(key, path, digest)
        stop(key)

    pod.get, pod.upload = get, upload  # type: ignore[method-assign]
    assert bootstrap.main() == 1
    assert went_on == [], "the signal ends it at once"
    record = records.record_of(pod, b.task_id())
    assert record is not None
    assert record.failure is (Failure.CANCELED if canceled else Failure.LOST)
    assert told_of(told) == record
    assert records.committed(pod, b.task_id()) is None
    assert outputs_in(pod) == []


def test_outputs_that_lack_a_moment_get_it(pod: MemoryStore, told: Path) -> None:
    write = pod.upload

    def upload(key: str, path: Path, digest: str = "") -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        write(key, path, digest)

    pod.upload = upload  # type: ignore[method-assign]
    assert bootstrap.main() == 0
    assert records.committed(pod, b.task_id()) is not None


def test_what_a_killed_attempt_left_is_swept_by_the_one_that_is_committed(
    pod: MemoryStore, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = records.assignment(pod, b.task_id().assignment)
    (output,) = first.outputs
    folder = attempt_folder(first.step_run, 2)
    second = replace(first, id=b.task_id(attempt=2), outputs=(replace(output, key=f"{folder}/{output.name}"),))
    records.assign(pod, second)
    pod.put(f"{attempt_folder(first.step_run, 1)}/{output.name}/half", b"x")
    pod.put(f"azureml/{b.RUN}.ab/{output.name}/other", b"x")
    monkeypatch.setenv("RUNNER_ASSIGNMENT", second.id.assignment)
    monkeypatch.setenv("RUNNER_TASK", second.digest)
    assert bootstrap.main() == 0
    assert outputs_in(pod) == [f"azureml/{b.RUN}.ab/{output.name}/other", f"{folder}/{output.name}"]


def test_an_assignment_that_was_changed_after_the_start_is_not_run(
    pod: MemoryStore, told: Path, tmp_path: Path
) -> None:
    task = records.assignment(pod, b.task_id().assignment)
    pod.put(task.id.assignment, canonical_json(to_document(replace(task, command=("sh", "-c", "echo other code")))))
    assert bootstrap.main() == 1
    assert told_of(told).failure is Failure.INPUT
    assert f"{task.id.assignment!r} was changed or damaged" in told_of(told).reason
    assert "runner retry RUN --failed" in told_of(told).reason
    assert not (tmp_path / "work").exists()
    assert list(pod.list(task.id.logs)) == []


def test_code_that_was_changed_after_the_submit_is_not_run(pod: MemoryStore, told: Path, tmp_path: Path) -> None:
    task = records.assignment(pod, b.task_id().assignment)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "script.py").write_text("print('other code')")
    pod.put(snapshot_key(task.snapshot), packing.pack(snapshot.take(tmp_path / "other")))
    assert bootstrap.main() == 1
    record = records.record_of(pod, task.id)
    assert record is not None
    assert record.failure is Failure.INPUT
    assert snapshot_key(task.snapshot) in record.reason
    assert list(pod.list(task.id.logs)) == []


def test_nothing_is_started_for_a_run_that_was_canceled(pod: MemoryStore, told: Path, tmp_path: Path) -> None:
    records.cancel(pod, b.RUN)
    before = dict(pod.objects)
    assert bootstrap.main() == 0
    assert pod.objects == before
    assert told.read_text() == ""
    assert not (tmp_path / "work" / "code").exists()


@pytest.mark.parametrize("ending", ["", "raise RuntimeError(value)\n"])
def test_a_secret_that_a_step_writes_everywhere_is_in_no_object(
    pod: MemoryStore, told: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], ending: str
) -> None:
    secret = f'{CANARY}-"\\\u00e9'
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "script.py").write_text(LEAKING + ending)
    taken = snapshot.take(tmp_path / "more")
    packing.keep(pod, taken)
    task = replace(records.assignment(pod, b.task_id().assignment), snapshot=taken.digest)
    pod.put(task.id.assignment, canonical_json(to_document(task)))
    os.environ["RUNNER_TASK"] = task.digest
    stores = StepStores(
        BucketEndpoint(bucket="bucket", endpoint="http://h", credentials=Credentials("", f"{CANARY}-key")),
        secrets={"db": secret},
    )
    (tmp_path / "stores.json").write_text(json.dumps(to_document(stores)))
    assert bootstrap.main() == int(ending.startswith("raise")), told.read_text()
    record = records.record_of(pod, b.task_id())
    assert record is not None
    assert "logs/***/x.txt" in record.artifacts
    assert record.reports
    assert any("***" in warning for warning in record.warnings)
    assert ("RuntimeError: ***" in record.tail) == ending.startswith("raise")
    found = [key for key, data in pod.objects.items() if CANARY.encode() in data or CANARY in key]
    assert found == []
    assert CANARY not in told.read_text() + "".join(capfd.readouterr())


class Door:
    """A bucket's store for one key: it asks for another key when the bucket refuses its own."""

    def __init__(self, bucket: MemoryStore, bucket_endpoint: BucketEndpoint, renew: Renew | None) -> None:
        self._bucket, self._vantage, self._renew = bucket, bucket_endpoint, renew

    def __getattr__(self, name: str) -> Any:
        accepted = self._bucket.__dict__.get("accepted", self._vantage.credentials.secret_key)
        if self._vantage.credentials.secret_key != accepted and self._renew is not None:
            self._vantage = self._renew() or self._vantage
        if self._vantage.credentials.secret_key != accepted:
            raise StoreDenied(f"{name}: the key {self._vantage.credentials.secret_key!r} is refused")
        return getattr(self._bucket, name)


def test_keys_that_are_renewed_while_a_step_runs_reach_all_its_stores(
    pod: MemoryStore, told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = MemoryStore()
    buckets = {"bucket": pod, "lake": lake}

    def opened(bucket_endpoint: BucketEndpoint, _patience: object = None, renew: Renew | None = None) -> Door:
        return Door(buckets[bucket_endpoint.bucket], bucket_endpoint, renew)

    monkeypatch.setattr(bootstrap, "BucketStore", opened)
    monkeypatch.setattr(bootstrap, "open_store", opened)

    def hand_out(key: str) -> None:
        workspace, data = (
            BucketEndpoint(bucket=name, endpoint="http://h", credentials=Credentials("", key)) for name in buckets
        )
        (tmp_path / "stores.json").write_text(json.dumps(to_document(StepStores(workspace, {"lake": data}))))
        pod.__dict__["accepted"] = lake.__dict__["accepted"] = key

    task = records.assignment(pod, b.task_id().assignment)
    (output,) = task.outputs
    lake.put("data/raw", b"x")
    ref = DataRef(
        datastore="lake",
        key="data/raw",
        digest=manifest.save(pod, Manifest(Kind.FILE, (Entry("", 1, digest_of_bytes(b"x")),))),
    )
    moved = replace(task, inputs=(b.binding("raw", ref=ref),), outputs=(replace(output, datastore="lake"),))
    pod.put(task.id.assignment, canonical_json(to_document(moved)))
    monkeypatch.setenv("RUNNER_TASK", moved.digest)
    hand_out("old")
    read = lake.download

    def download(key: str, path: Path) -> None:
        read(key, path)
        hand_out("new")  # both buckets have been in use by now

    lake.download = download  # type: ignore[method-assign]
    assert bootstrap.main() == 0, told.read_text()
    assert records.committed(pod, task.id) is not None
    assert lake.objects[output.key] == b"x"


def test_a_store_that_is_not_trusted_is_no_reason_for_another_attempt() -> None:
    record = _defect(2, StoreUntrusted("the certificate of https://s3 is not trusted; set `ca_bundle`"), time.time())
    assert record.failure is Failure.REFUSED
    assert "ca_bundle" in record.reason


def test_an_input_in_azure_is_read_and_its_key_is_masked(
    pod: MemoryStore, told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SmallAzure(blobs={"team/data/raw": b"from azure"})
    task = records.assignment(pod, b.task_id().assignment)
    ref = DataRef(
        datastore="raw",
        key="data/raw",
        digest=manifest.save(pod, Manifest(Kind.FILE, (Entry("", 10, digest_of_bytes(b"from azure")),))),
    )
    command = (Interpreter(), "-c", f"import sys; print({KEY!r}, open(sys.argv[1]).read())", InputPath("raw"))
    made = replace(task, inputs=(b.binding("raw", ref=ref),), outputs=(), command=command)
    pod.put(task.id.assignment, canonical_json(to_document(made)))
    monkeypatch.setenv("RUNNER_TASK", made.digest)
    with small_azure(server) as container:
        workspace = BucketEndpoint(bucket="bucket", endpoint="http://h")
        stores = StepStores(workspace, {"raw": to_endpoint(replace(container, prefix="team/"))})
        (tmp_path / "stores.json").write_text(json.dumps(to_document(stores)))
        assert bootstrap.main() == 0, told.read_text()
    said = b"".join(data for key, data in pod.objects.items() if key.startswith(task.id.logs))
    assert b"from azure" in said
    assert not any(KEY.encode() in data for key, data in pod.objects.items() if key != task.id.assignment)
    assert KEY not in told.read_text()
