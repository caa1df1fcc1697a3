"""Uploads never reach the keys of runner's own records."""

from __future__ import annotations

from pathlib import Path

from runner.sdk import Datastore, Workspace
from tests.support.fake_session import FakeSession


def test_v1s_usual_places_stay_free(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    Datastore(ws).upload(str(tmp_path), "./datasets//raw/")
    assert session.store.get("datasets/raw/a.py")
