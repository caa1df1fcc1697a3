"""Folders that look like complete virtual environments, and runs that have used them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from runner.images.venv_folder import ABOUT, READY
from runner.model import events as e
from runner.ports import ObjectStore
from runner.runs import index, journal, plans
from tests.support import sample_run as sample

OLD = datetime(2026, 1, 2, tzinfo=timezone.utc)


def made_venv(envs: Path, name: str, *, at: datetime = OLD, lock: str = "5f3c") -> str:
    """Return the interpreter of a folder that was made, and last used, at a time."""
    folder = envs / name
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    (folder / "pad").write_bytes(bytes(1000))
    os.link(folder / "pad", folder / "pad-again")
    (folder / ABOUT).write_text(json.dumps({"environment": "digest", "lock": lock}))
    (folder / READY).write_text(str(folder))
    for file in (ABOUT, READY):
        os.utime(folder / file, (at.timestamp(), at.timestamp()))
    return str(python)


def add_run(store: ObjectStore, reference: str, target: str = "kind", lock: str = sample.LOCK) -> None:
    """Store the sample run; its environment is `reference` on a target."""
    plans.save(store, sample.PLAN)
    for entry in sample.entries():
        events = [
            replace(event, reference=reference, target=target, lock=lock)
            if isinstance(event, e.EnvironmentReady)
            else event
            for event in entry.events
        ]
        journal.Writer(store, sample.RUN, "c1", entry.number - 1).append(events, entry.time)
    index.add(store, index.IndexEntry(run=sample.RUN, experiment="e", created=sample.BEGIN))
