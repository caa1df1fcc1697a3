"""Previews of the files of a run within a budget."""

from __future__ import annotations

import struct

import pytest

from runner.errors import BadInput
from runner.model.task import TaskId
from runner.operations import previewed_files
from runner.operations.previewed_files import Budget, file_previews, kept_previews
from runner.operations.previews import FileKind
from runner.operations.values import RunView
from runner.ports import ObjectStore
from tests.support.builders import RUN
from tests.support.memory_store import MemoryStore
from tests.support.stored_run import store_run

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 4, 4, 8, 2, 0, 0, 0)


def budget(preview: int = 10_000, total: int = 100_000) -> Budget:
    return Budget(preview=preview, total=total)


def stored(files: dict[str, bytes]) -> tuple[MemoryStore, RunView]:
    store = MemoryStore()
    return store, store_run(store, {"a": files})


def test_each_kind_of_file_is_shown_in_its_way() -> None:
    store, view = stored(
        {
            "a.csv": b"x,y\n1,2\n",
            "b.png": PNG,
            "c.html": b"<p>",
            "d.bin": bytes(range(256)),
            "e.txt": b"",
            "f.txt": b"f",
        }
    )
    spent = budget()
    found = file_previews(store, view, lambda _: store, spent)
    assert [(one.path, one.shown.kind) for one in found] == [
        ("a.csv", FileKind.TABLE), ("b.png", FileKind.IMAGE), ("c.html", FileKind.HTML), ("f.txt", FileKind.TEXT),
    ]  # fmt: skip
    assert [one.content for one in found] == [b"", PNG, b"<p>", b""]
    assert found[0].more == 2
    assert (found[0].step_name, found[0].output) == ("a", "out")
    assert spent.files == 4
    assert spent.used <= 200


def test_the_limits_hold_and_what_is_left_out_is_counted() -> None:
    store, view = stored({"a.html": b"<p>" * 2000, "b.png": PNG, "c.txt": b"c" * 5000, "d.txt": b"d" * 5000})
    spent = budget(preview=5500, total=7000)
    found = file_previews(store, view, lambda _: store, spent)
    assert [one.path for one in found] == ["b.png", "c.txt"]
    assert spent.left_out == 2
    assert spent.used <= 7000


def test_no_previews_are_made_with_a_limit_of_nothing() -> None:
    store, view = stored({"a.txt": b"a"})
    spent = budget(preview=0)
    assert file_previews(store, view, lambda _: store, spent) == ()
    assert spent.used == 0


def test_few_files_of_one_output_are_shown() -> None:
    store, view = stored({f"{number:03d}.txt": b"x" for number in range(500)})
    found = file_previews(store, view, lambda _: store, budget())
    assert len(found) == previewed_files.OF_ONE
    assert found[0].more == 500 - previewed_files.OF_ONE


def test_large_tables_and_texts_are_cut_and_say_so() -> None:
    rows = "\n".join(",".join(["x" * 130] * 40) for _ in range(100))
    store, view = stored({"a.csv": rows.encode(), "b.txt": b"long " * 10_000})
    table, text = file_previews(store, view, lambda _: store, budget(preview=20_000_000, total=20_000_000))
    assert len(table.shown.rows) == previewed_files.ROWS
    assert {len(row) for row in table.shown.rows} == {previewed_files.COLUMNS}
    assert max(len(cell) for row in table.shown.rows for cell in row) == previewed_files.CELL + 1
    assert any("first 30" in text for text in table.cut)
    small = file_previews(store, view, lambda _: store, budget(preview=100_000))[-1]
    assert len(small.shown.text) <= 100_000
    assert text.path == "b.txt"


def test_a_file_that_is_gone_and_a_datastore_that_is_unknown_hide_no_others() -> None:
    store, view = stored({"a.txt": b"a", "b.txt": b"b"})
    (key,) = [key for key in store.objects if key.endswith("/a.txt")]
    store.delete(key)
    assert [one.path for one in file_previews(store, view, lambda _: store, budget())] == ["b.txt"]

    def unknown(name: str) -> ObjectStore:
        raise BadInput(f"there is no datastore {name}")

    assert file_previews(store, view, unknown, budget()) == ()


def test_files_that_a_script_kept_are_shown_once() -> None:
    store, view = stored({"a.txt": b"a"})
    prefix = TaskId(RUN, "a", 1).artifacts
    store.put(f"{prefix}outputs/plot.png", PNG)
    store.put(f"{prefix}outputs/note.txt", b"note")
    shown = kept_previews(store, view, "a", ["outputs/plot.png", "../x", "outputs/none.png"], budget())
    assert list(shown) == ["outputs/plot.png"]
    found = file_previews(store, view, lambda _: store, budget(), frozenset({("a", "outputs/plot.png")}))
    assert [(one.output, one.path) for one in found] == [("out", "a.txt"), ("", "outputs/note.txt")]


@pytest.mark.parametrize("key", ["registry/models/x/00000001.json", "runs/x/head.json"])
def test_a_list_of_files_cannot_name_records_of_runner(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, view = stored({"a.txt": b"a"})
    store.put(key, b"secret")
    monkeypatch.setattr(previewed_files, "key_of", lambda *_: key)
    assert file_previews(store, view, lambda _: store, budget()) == ()
