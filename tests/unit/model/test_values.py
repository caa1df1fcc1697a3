from __future__ import annotations

from pathlib import Path

import pytest

from runner.data.file_digest import digest_of_file
from runner.model.credentials import Credentials
from runner.model.data import Entry, Kind, Manifest
from runner.model.digest import canonical_json, digest_of, digest_of_bytes
from runner.model.environment import EnvironmentSpec
from runner.model.exits import exit_words
from runner.model.names import attempt_folder
from runner.model.store_endpoint import BucketEndpoint
from runner.model.task import TaskId, cancel_marker, manifest_key, snapshot_key
from tests.support import builders as b

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_one_value_has_one_digest() -> None:
    assert canonical_json({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    assert digest_of({"b": 1, "a": 2}) == digest_of({"a": 2, "b": 1})
    assert digest_of_bytes(b"") == EMPTY
    assert EnvironmentSpec(pip=("x",)).digest != EnvironmentSpec().digest == EnvironmentSpec().digest


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20])
def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "file").write_bytes(data)
    assert digest_of_file(tmp_path / "file") == digest_of_bytes(data)


def test_where_an_attempt_keeps_its_things() -> None:
    task = TaskId("run", "key", 2)
    assert task.assignment == "runs/run/key/assignment-2.json"
    assert task.record == "runs/run/key/attempt-2.json"
    assert task.commit == "runs/run/key/committed.json"
    assert (task.logs, task.artifacts, task.reports) == tuple(
        f"runs/run/key/{what}" for what in ("log-2-", "artifacts-2/", "reports-2/")
    )
    assert (cancel_marker("run"), manifest_key("d"), snapshot_key("d")) == (
        "runs/run/cancelled", "manifests/d.json", "snapshots/d.zip",
    )  # fmt: skip


def test_a_task_knows_its_place_and_digest() -> None:
    task = b.task("a", 2)
    assert task.step_run == f"{b.RUN}.a"
    assert attempt_folder(task.step_run, task.id.attempt) == f"azureml/{b.RUN}.a.2"
    assert task.digest == b.task("a", 2).digest != b.task("a", 1).digest


def test_what_a_step_needs_comes_from_its_inputs_and_its_order() -> None:
    assert b.step("c", "a", "b", after=("d", "a")).needs == {"a", "b", "d"}


def test_a_plan_finds_its_steps() -> None:
    plan = b.plan(b.step("a"), b.step("b"))
    assert plan.step("b") is plan.steps[1]
    assert plan.digest == b.plan(b.step("a"), b.step("b")).digest
    with pytest.raises(KeyError):
        plan.step("c")


def test_the_bytes_of_a_manifest() -> None:
    assert Manifest(Kind.FOLDER, (Entry("a", 1, ""), Entry("b", 2, ""))).bytes == 3


def test_keys_to_a_bucket_are_not_shown() -> None:
    assert "hush" not in repr(BucketEndpoint(bucket="b", endpoint="http://x", credentials=Credentials("hush", "hush")))


@pytest.mark.parametrize(
    ("code", "words"), [(3, "exit code 3"), (137, "signal 9.*memory"), (162, r"signal 34 \(exit code 162\)$")]
)
def test_exit_codes_in_words(code: int, words: str) -> None:
    import re

    assert re.search(words, exit_words(code))
