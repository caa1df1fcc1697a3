"""A journal that lacks an entry: the same verdict everywhere, and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.exits import BAD_INPUT
from runner.cli.main import main
from runner.controller import drive
from runner.errors import StoreError
from runner.operations import journal_gap
from runner.operations.retry import prepare_retry
from runner.operations.retry_selection import Part
from runner.operations.run_pages import RunFilter, page
from runner.runs import head, journal
from runner.storage.directory import DirectoryStore
from runner.wiring import open_session
from tests.support import sample_run as sample

LOST = 4


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectoryStore:
    """The sample run, whose head says how it ended and whose fourth journal entry is gone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = DirectoryStore(tmp_path / ".runner", durable=False)
    for key, data in sample.stored().objects.items():
        made.put(key, data)
    head.write(made, sample.view().state, made.now())
    made.delete(journal.entry_key(sample.RUN, LOST))
    return made


def test_every_command_has_the_same_verdict(store: DirectoryStore, capsys: pytest.CaptureFixture[str]) -> None:
    main(["status"])
    shown = capsys.readouterr().err
    assert f"entry {LOST} is missing" in shown
    assert f"runner retry {sample.RUN[-6:]} --failed" in shown
    assert [run.status for run in page(store, RunFilter(), limit=1).runs] == ["stopped"]
    for command in ("resume", "cancel"):
        assert main([command]) == BAD_INPUT
        shown = capsys.readouterr().err
        assert f"entry {LOST} is missing" in shown
        assert "runner retry" in shown
    assert store.stat(journal.entry_key(sample.RUN, LOST)) is None


def test_no_controller_fills_the_hole(store: DirectoryStore) -> None:
    with pytest.raises(StoreError, match="entry 4 is missing"):
        drive(open_session(Path.cwd()), sample.RUN)
    assert store.stat(journal.entry_key(sample.RUN, LOST)) is None


def test_it_can_be_made_again(store: DirectoryStore) -> None:
    session = open_session(Path.cwd())
    found = prepare_retry(store, session.datastore, session.view(sample.RUN), Part())
    assert found.choice.run != ()


def test_a_journal_that_grew_while_it_was_read_is_whole(store: DirectoryStore) -> None:
    session = open_session(Path.cwd())
    state = session.view(sample.RUN).state
    shown = head.read(store, sample.RUN)
    assert journal_gap.missing_entry_number(store, state, shown) == LOST
    whole = sample.stored().objects
    store.put(journal.entry_key(sample.RUN, LOST), whole[journal.entry_key(sample.RUN, LOST)])
    assert journal_gap.missing_entry_number(store, state, shown) == 0
    assert journal_gap.missing_entry_number(store, session.view(sample.RUN).state, shown) == 0
