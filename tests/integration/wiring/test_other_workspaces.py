from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.cli.reports import find_run, find_run_and_step
from runner.datastores import BucketConfig
from runner.errors import BadInput, StoreUnreachable
from runner.ports import ObjectStore
from runner.runs import index
from runner.wiring import open_session
from runner.wiring import other_workspaces as elsewhere
from tests.support.memory_store import MemoryStore

RUN = "20260102t030405000000-abcdefghjk"
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
CONFIG = """
name: mine
targets:
  kind: {type: kubernetes, store: {bucket: one, prefix: team, endpoint: 'http://near:1'}}
  far: {type: kubernetes, store: {bucket: two, endpoint: 'http://far:1'}}
  small: {type: process}
"""


class Buckets:
    """What the buckets of the targets hold, by their whole keys."""

    def __init__(self) -> None:
        self.held: dict[str, MemoryStore] = {"one": MemoryStore(), "two": MemoryStore()}
        self.asked: list[str] = []

    def enter(self, bucket: str, prefix: str, run: str = RUN) -> None:
        part = MemoryStore()
        index.add(part, index.IndexEntry(run=run, experiment="e", created=NOW))
        for info in part.list(""):
            self.held[bucket].put(prefix + info.key, part.get(info.key))

    def part(self, store: BucketConfig, prefix: str) -> ObjectStore:
        self.asked.append(store.bucket)
        if store.bucket == "two":
            raise StoreUnreachable("nobody is there")
        whole, found, below = self.held[store.bucket], MemoryStore(), f"{prefix}/".lstrip("/")
        for info in whole.list(below):
            found.put(info.key[len(below) :], whole.get(info.key))
        return found


@pytest.fixture
def buckets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Buckets:
    made = Buckets()
    monkeypatch.setattr(elsewhere, "_quick", made.part)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.yaml").write_text(CONFIG)
    return made


def test_every_workspace_of_a_bucket_is_found_by_a_listing_each() -> None:
    store = MemoryStore()
    keys = ("a/x", "a/y", "a-b/x", "a0/x", "a.b/x", "!a/x", "=c3=a9/x", "z/x")
    for key in ("store.json", *(f"workspaces/{key}" for key in keys), "workspaces/No/x", "worm"):
        store.put(key, b"1")
    assert sorted(elsewhere.named(store)) == sorted(("a", "a-b", "a0", "a.b", "A", "é", "z"))


def test_no_run_here_names_the_targets_and_workspaces_that_have_some(
    buckets: Buckets, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status"]) == 2
    assert "do:    start one: runner run FILE" in capsys.readouterr().err
    buckets.enter("one", "team/workspaces/mine/")
    buckets.enter("one", "team/workspaces/!others/")
    assert main(["status"]) == 2
    said = capsys.readouterr().err
    assert "target 'kind' has some: pass --target kind" in said
    assert "workspace 'Others' of target 'kind' has some: name: Others in runner.yaml (and --target kind)" in said
    assert main(["list"]) == 0
    assert "pass --target kind" in capsys.readouterr().err


def test_a_run_by_its_name_is_looked_for_everywhere(buckets: Buckets) -> None:
    session = open_session()
    buckets.enter("one", "team/workspaces/other/")
    buckets.enter("one", "team/workspaces/mine/", "20250102t030405000000-zzzzzzzzzz")
    for ask in (lambda: find_run(session, "abcdefghjk"), lambda: find_run_and_step(session, "abcdefghjk", "")[0]):
        with pytest.raises(BadInput, match="there is no run 'abcdefghjk' here") as refused:
            ask()
        (problem,) = refused.value.problems
        assert problem.remedy.startswith("workspace 'other' of target 'kind' has run 'abcdefghjk'")
        assert "pass --target" not in problem.remedy


def test_from_a_cluster_the_folder_is_named(buckets: Buckets) -> None:
    config = open_session().config
    index.add(open_session().store, index.IndexEntry(run=RUN, experiment="e", created=NOW))
    buckets.enter("one", "team/workspaces/mine/")
    assert elsewhere.hints(config, "kind") == ("this folder has some: leave out --target",)


def test_a_run_that_is_here_asks_nothing_else(buckets: Buckets) -> None:
    session = open_session()
    index.add(session.store, index.IndexEntry(run=RUN, experiment="e", created=NOW))
    assert find_run(session, RUN) == RUN
    assert buckets.asked == []
