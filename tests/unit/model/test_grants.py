from __future__ import annotations

from dataclasses import replace

import pytest

from runner.model.data import DEFAULT_DATASTORE, FILE_DATASTORE, DatasetDefinition, DatastorePath
from runner.model.grants import OWN_FOLDERS, mount_grants, narrowed, own_grants, shared_grants
from tests.support import builders as b
from tests.support.fake_minter import lists, reads, writes

OTHER_RUN = "20260102t030405678z-bbbbbbbbbbbbbbbb"


OWN = own_grants(b.task("a", attempt=2), DEFAULT_DATASTORE)


@pytest.mark.parametrize(
    "key",
    [
        f"runs/{b.RUN}/a/attempt-2.json",
        f"runs/{b.RUN}/a/committed.json",
        f"runs/{b.RUN}/a/log-2-00000001.txt",
        f"runs/{b.RUN}/a/reports-2/metrics.jsonl",
        f"runs/{b.RUN}/a/artifacts-2/outputs/x",
        f"runs/{b.RUN}/a/annotations/tags.jsonl/1",
        f"runs/{b.RUN}/annotations/tags.jsonl/1",
        f"runs/{b.RUN}/files/x",
        f"runs/{b.RUN}/cancelled",
        f"runs/{b.RUN}/_requests/a/2-0123456789abcdef.json",
        f"azureml/{b.RUN}.a/out/x",  # the one that a killed attempt left
        f"azureml/{b.RUN}.a.2/out/x",
        "reuse/fingerprint-a.json",
    ],
)
def test_an_attempt_writes_its_own_places(key: str) -> None:
    assert writes(OWN, key)


@pytest.mark.parametrize(
    "key",
    [
        f"runs/{b.RUN}/journal/00000001.json",
        f"runs/{b.RUN}/head.json",
        f"runs/{b.RUN}/_requests/b/1-0123456789abcdef.json",
        f"runs/{b.RUN}/_requests/ab/1-0123456789abcdef.json",
        f"runs/{b.RUN}/_submissions/a/2-0123456789abcdef.answer.json",
        f"runs/{b.RUN}/ab/committed.json",
        f"runs/{b.RUN}/b/reports-1/metrics.jsonl",
    ],
)
def test_it_reads_its_run_and_writes_no_neighbour(key: str) -> None:
    assert reads(OWN, key)
    assert not writes(OWN, key)


@pytest.mark.parametrize(
    "key",
    [
        f"runs/{OTHER_RUN}/journal/00000001.json",
        f"azureml/{b.RUN}.ab/out/x",
        f"azureml/{b.RUN}.b/out/x",
        f"azureml/{OTHER_RUN}.a/out/x",
        "index/000-x",
        "reuse/fingerprint-b.json",
        "raw/x.csv",
    ],
)
def test_the_places_of_others_stay_closed(key: str) -> None:
    assert not reads(OWN, key)


def test_inputs_of_other_steps_are_read_one_by_one() -> None:
    made = b.binding("in", ref=b.ref(f"azureml/{OTHER_RUN}.made/out"))
    grants = own_grants(b.task("a", inputs=(made,)), DEFAULT_DATASTORE)
    assert reads(grants, f"azureml/{OTHER_RUN}.made/out")
    assert reads(grants, f"azureml/{OTHER_RUN}.made/out/x")
    assert not writes(grants, f"azureml/{OTHER_RUN}.made/out/x")
    assert not reads(grants, f"azureml/{OTHER_RUN}.made/output2")
    assert f"azureml/{OTHER_RUN}.made/out/*" in grants.lists
    writable = own_grants(b.task("a", inputs=(replace(made, writable=True),)), DEFAULT_DATASTORE)
    assert writes(writable, f"azureml/{OTHER_RUN}.made/out/x")


def test_each_part_of_a_dataset_counts() -> None:
    paths = (
        DatastorePath(DEFAULT_DATASTORE, f"azureml/{OTHER_RUN}.x/out/**/*.csv"),
        DatastorePath(DEFAULT_DATASTORE, f"azureml/{OTHER_RUN}.y/out/one.csv"),
    )
    parts = b.binding("in", ref=b.ref("azureml"), dataset=DatasetDefinition(kind="file", paths=paths))
    grants = own_grants(b.task("a", inputs=(parts,)), DEFAULT_DATASTORE)
    assert reads(grants, f"azureml/{OTHER_RUN}.x/out/d/1.csv")
    assert reads(grants, f"azureml/{OTHER_RUN}.y/out/one.csv")
    assert not reads(grants, f"azureml/{OTHER_RUN}.y/out/two.csv")
    assert not reads(grants, f"azureml/{OTHER_RUN}.z/out/one.csv")


@pytest.mark.parametrize(
    ("key", "rights"),
    [
        ("raw/x.csv", "read, write, list"),
        ("registry/datasets/x/00000001.json", "read, write, list"),
        ("registry/published/schedules/x/00000001.json", "read, list"),
        ("serve/tokens/x/00000001.json", ""),
        ("logged/runs/x/run.json", "read, write, list"),
        ("manifests/d.json", "read, write"),
        ("plans/d.json", "read"),
        ("snapshots/d.zip", "read"),
        ("environments/locks/d/x.json", "read"),
        ("store.json", "read"),
        (f"runs/{b.RUN}/a/committed.json", ""),
        (f"azureml/{b.RUN}.a/out/x", ""),
        (f"{FILE_DATASTORE}/azureml/{b.RUN}.a/out/x", ""),
        ("index/x-y", ""),
        ("reuse/d.json", ""),
    ],
)
def test_a_workspace_shares_all_but_the_places_of_runs(key: str, rights: str) -> None:
    shared = shared_grants(DEFAULT_DATASTORE)
    folder = f"{key.rpartition('/')[0]}/" if "/" in key else ""
    open_ = {"read": reads(shared, key), "write": writes(shared, key), "list": lists(shared, folder)}
    assert ", ".join(name for name, may in open_.items() if may) == rights


def test_nobody_lists_a_whole_store() -> None:
    for grants in (OWN, shared_grants(DEFAULT_DATASTORE), shared_grants("lake")):
        for prefix in ("", "r", "runs", "azureml/", "azureml/x"):
            assert not lists(grants, prefix)


def test_no_beginning_of_a_place_of_runs_is_listed() -> None:
    for folder in OWN_FOLDERS:
        for end in range(len(folder) + 1):
            assert not lists(shared_grants(DEFAULT_DATASTORE), folder[:end])
    assert lists(shared_grants(DEFAULT_DATASTORE), f"{FILE_DATASTORE}/azure/x")


def test_users_data_are_their_datastores() -> None:
    assert not reads(shared_grants("lake", read_only=True), f"azureml/{b.RUN}.a/out/x")
    assert reads(shared_grants("lake", read_only=True), "runs/is-a-folder-like-any-other")
    assert not writes(shared_grants("lake", read_only=True), "raw/x.csv")


def test_outputs_elsewhere_lie_in_the_datastore_that_they_name() -> None:
    task = b.task("a", outputs=(b.output("o", datastore="lake"), b.output("p", datastore=FILE_DATASTORE)))
    assert writes(own_grants(task, "lake"), f"azureml/{b.RUN}.a/o/x")
    own = own_grants(task, DEFAULT_DATASTORE)
    assert writes(own, f"{FILE_DATASTORE}/azureml/{b.RUN}.a/p/x")
    assert not reads(own, f"azureml/{b.RUN}.a/o/x")


def test_a_mount_opens_its_folder_to_read() -> None:
    grants = mount_grants(["raw/big"], DEFAULT_DATASTORE)
    assert reads(grants, "raw/big/x")
    assert lists(grants, "raw/big/")
    assert not writes(grants, "raw/big/x")
    assert not reads(grants, "raw/bigger/x")


def test_a_mount_of_a_whole_store_leaves_out_the_places_of_runs() -> None:
    grants = mount_grants(["", "raw"], DEFAULT_DATASTORE)
    assert reads(grants, "any/x")
    assert not writes(grants, "any/x")
    assert not reads(grants, f"runs/{b.RUN}/journal/1.json")
    assert not lists(grants, f"azureml/{b.RUN}.a/")


def test_what_a_pattern_covers_is_left_out() -> None:
    assert narrowed(["a/b/*", "a/*", "a/b/c", "ab", "a*b", "a/*"]) == ("a*b", "a/*", "ab")


def test_a_search_reads_the_trials_that_it_has_reused_and_nothing_beside_them() -> None:
    grants = own_grants(b.task("a", readable=(f"runs/{OTHER_RUN}/t0",)), DEFAULT_DATASTORE)
    for key in (f"runs/{OTHER_RUN}/t0/reports-1/metrics.jsonl", f"runs/{OTHER_RUN}/t0/artifacts-2/outputs/model.pkl"):
        assert reads(grants, key)
        assert lists(grants, key)
        assert not writes(grants, key)
        assert not reads(OWN, key)
    for key in (f"runs/{OTHER_RUN}/t1/committed.json", f"runs/{OTHER_RUN}/head.json", f"azureml/{OTHER_RUN}.t0/out/x"):
        assert not reads(grants, key)


def test_a_pool_reads_what_it_continues_and_nothing_beside_it() -> None:
    grants = own_grants(b.task("a", carried=f"runs/{OTHER_RUN}/a"), DEFAULT_DATASTORE)
    for key in (
        f"runs/{OTHER_RUN}/a/batches-1/results/00000001",
        f"azureml/{OTHER_RUN}.a/out/x",
        f"azureml/{OTHER_RUN}.a.2/out/x",
    ):
        assert reads(grants, key)
        assert lists(grants, key)
        assert not writes(grants, key)
        assert not reads(OWN, key)
    for key in (f"runs/{OTHER_RUN}/b/committed.json", f"runs/{OTHER_RUN}/head.json", f"azureml/{OTHER_RUN}.b/out/x"):
        assert not reads(grants, key)
    other_store = own_grants(
        b.task("a", carried=f"runs/{OTHER_RUN}/a", outputs=(b.output("out", datastore="lake"),)), "lake"
    )
    assert reads(other_store, f"azureml/{OTHER_RUN}.a/out/x")
    assert not reads(other_store, f"runs/{OTHER_RUN}/a/committed.json")
