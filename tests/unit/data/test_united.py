from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.data.united import free_names, merged_lines, united
from runner.errors import BadInput
from runner.model.data import Entry, Kind, Manifest


def folder(*files: str, empty: tuple[str, ...] = (), content: str = "") -> Manifest:
    return Manifest(Kind.FOLDER, tuple(Entry(name, 1, content or name) for name in files), empty)


def file(content: str) -> Manifest:
    return Manifest(Kind.FILE, (Entry("", 1, content),))


def test_the_files_of_all_workers_make_one_output() -> None:
    assert united("out", {"worker 0": folder("b", "d/x"), "worker 1": folder(), "worker 2": folder("a")}) == folder(
        "a", "b", "d/x"
    )


def test_equal_files_count_once() -> None:
    assert united("out", {"worker 0": folder("a"), "worker 1": folder("a")}) == folder("a")


def test_a_single_file_of_one_worker_is_a_file() -> None:
    assert united("out", {"worker 0": file("x"), "worker 1": folder()}) == file("x")
    assert united("out", {"worker 0": folder(), "worker 1": file("x"), "worker 2": file("x")}) == file("x")


def test_an_empty_folder_stays_unless_another_worker_fills_it() -> None:
    parts = {"worker 0": folder(empty=("d", "e/f")), "worker 1": folder("d/x", empty=("e", "g"))}
    assert united("out", parts) == folder("d/x", empty=("e/f", "g"))


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (folder("a"), folder("a", content="other"), "worker 0 and worker 3 wrote 'a' with different content"),
        (file("x"), file("y"), "worker 0 and worker 3 wrote its file with different content"),
        (file("x"), folder("a"), "worker 0 wrote it as a file and worker 3 as a folder"),
        (folder("a/b"), file("x"), "worker 3 wrote it as a file and worker 0 as a folder"),
        (file("x"), folder(empty=("d",)), "worker 0 wrote it as a file and worker 3 as a folder"),
        (folder("a"), folder("a/b/c"), "worker 0 wrote 'a' as a file and worker 3 as a folder"),
        (folder("a/b/c"), folder("a/b"), "worker 3 wrote 'a/b' as a file and worker 0 as a folder"),
        (folder("a"), folder(empty=("a",)), "worker 0 wrote 'a' as a file and worker 3 as a folder"),
        (folder("a"), folder(empty=("a/b",)), "worker 0 wrote 'a' as a file and worker 3 as a folder"),
    ],
)
def test_workers_that_contradict_each_other(first: Manifest, second: Manifest, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        united("model", {"worker 0": first, "worker 3": second})
    (problem,) = caught.value.problems
    assert problem.what == f"output 'model': {words}"
    assert problem.remedy


PATHS = st.sampled_from(["a", "b", "c/d", "c/e", "f/g/h"])


@given(st.lists(st.dictionaries(PATHS, st.sampled_from("xy")), max_size=5))
def test_the_union_has_each_file_of_each_worker_or_there_is_an_error(written: list[dict[str, str]]) -> None:
    parts = {
        f"worker {index}": Manifest(Kind.FOLDER, tuple(Entry(path, 1, files[path]) for path in sorted(files)))
        for index, files in enumerate(written)
    }
    contents = {(path, text) for files in written for path, text in files.items()}
    clash = len(contents) > len({path for path, _ in contents})
    try:
        found = united("out", parts)
    except BadInput:
        assert clash
    else:
        assert not clash
        assert [(entry.path, entry.digest) for entry in found.entries] == sorted(contents)


def test_a_taken_name_gets_the_workers_index() -> None:
    taken = {"logs/out.txt": "1", "model": "1", "logs/.hidden": "1", "x.worker-2.txt": "1", "x.txt": "1"}
    own = dict.fromkeys(("logs/out.txt", "model", "logs/.hidden", "new.txt", "x.txt"), "2")
    assert free_names(own, 2, taken, own) == {
        "logs/out.txt": "logs/out.worker-2.txt",
        "model": "model.worker-2",
        "logs/.hidden": "logs/.hidden.worker-2",
        "new.txt": "new.txt",
        "x.txt": "x.worker-2.worker-2.txt",
    }
    assert free_names(own, 2, own, own) == {}


def lines(*documents: object) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in documents)


def metric(name: str, time: str) -> dict[str, str]:
    return {"name": name, "time": time}


def test_metrics_are_in_the_order_of_their_times() -> None:
    first = lines(metric("a", "2026-01-01T00:00:01.000Z"), metric("b", "2026-01-01T00:00:03.000Z"))
    second = lines(metric("c", "2026-01-01T00:00:02.000Z"), metric("d", "2026-01-01T00:00:03.000Z"))
    found = [json.loads(line)["name"] for line in merged_lines("metrics.jsonl", [first, second]).splitlines()]
    assert found == ["a", "c", "b", "d"]


def test_the_line_of_a_killed_worker_is_left_out() -> None:
    whole = lines(metric("a", "2026-01-01T00:00:02.000Z"))
    cut = lines(metric("b", "2026-01-01T00:00:01.000Z")) + b'{"name": "c", "ti'
    assert merged_lines("metrics.jsonl", [whole, cut]) == lines(
        metric("b", "2026-01-01T00:00:01.000Z"), metric("a", "2026-01-01T00:00:02.000Z")
    )


def test_the_tag_of_the_lowest_worker_counts() -> None:
    first, second = lines({"key": "k", "value": "0"}), lines({"key": "k", "value": "1"}, {"key": "j", "value": "1"})
    assert merged_lines("tags.jsonl", [first, second]) == second + first  # the last line counts
    assert merged_lines("properties.jsonl", [first, second]) == first + second  # the first line counts
