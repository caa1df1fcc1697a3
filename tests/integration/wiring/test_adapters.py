from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.sdk.base import step_session
from runner.wiring import adapters


@pytest.mark.parametrize("store", [adapters.folder_store, lambda folder: step_session._folder(str(folder))])
def test_what_a_journal_is_told_survives_a_power_failure(
    store: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    assert callable(store)
    folder = store(tmp_path / "workspace")
    assert folder.put_if_absent("runs/r/journal/00000001.json", b"entry")
    assert len(synced) >= 2, "the content, and the name in its folder"
    synced.clear()
    folder.put("runs/r/s/log-1-00000001.txt", b"line")
    assert synced == []
