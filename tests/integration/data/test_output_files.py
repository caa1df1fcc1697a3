"""Which files of an output are kept, wherever it was written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.data import manifest
from runner.data.work_dir import Staging, WorkDir, collect
from runner.model.task import OutputBinding
from runner.storage.directory import DirectoryStore
from tests.support.builders import task


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "delivered"])
def test_of_an_output_with_globs_only_what_fits_is_kept(tmp_path: Path, *, in_place: bool) -> None:
    store = DirectoryStore(tmp_path / "store")
    binding = OutputBinding(name="out", datastore="s", key="made/out", globs=("*.csv", "./deep/**/*.txt"))
    path = store.path("made/out") if in_place else tmp_path / "elsewhere"
    for name in ("a.csv", "b.txt", "deep/c.txt", "deep/er/d.txt", "deep/e.csv"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name)
    staging = Staging(
        workspace=store, datastores=lambda _: store, input_place=lambda *_: path, output_place=lambda _: path
    )
    refs, warnings = collect(replace(task(), outputs=(binding,)), {"out": path}, staging)
    kept = ["a.csv", "deep/c.txt", "deep/er/d.txt"]
    assert [entry.path for entry in manifest.load(store, refs["out"].digest).entries] == kept
    assert [info.key for info in store.list("made/out/")] == [f"made/out/{name}" for name in kept]
    assert (refs["out"].files, warnings) == (3, ())


def test_a_relative_path_on_compute_is_below_the_working_directory(tmp_path: Path) -> None:
    place = WorkDir(tmp_path)
    assert place.named("outputs/here") == tmp_path / "code/outputs/here"
    assert place.named("/data") is None
    assert place.named("") is None
