"""Mini-batches of files: their order, their paths, partition keys, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.model.context import StagedInput
from runner.model.data import DatasetDefinition, Mode
from runner.model.transforms import Take
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.parallel_run import batch_input
from runner.sdk.parallel_run.batch_size import batch_size
from runner.sdk.parallel_run.mini_batches import MiniBatches
from tests.support.cut_inputs import CutInputs, files


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_input, "_listed", {})


def made(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def test_batches_have_the_files_of_each_input_in_their_order(tmp_path: Path) -> None:
    one = made(tmp_path / "one", "b.txt", "a/2.txt", "a/10.txt", "a-1.txt", "c.txt")
    two = made(tmp_path / "two", "x.txt")
    cut = CutInputs({"one": files(one), "two": files(two)}, mini_batch_size="2")
    names = [[str(Path(path).relative_to(tmp_path)) for path in paths] for paths in cut.opened()]
    assert names == [["one/a-1.txt", "one/a/10.txt"], ["one/a/2.txt", "one/b.txt"], ["one/c.txt"], ["two/x.txt"]]
    assert [one.items for one in cut.cut] == [2, 2, 1, 1]
    assert cut.cut[0].label == "one: a-1.txt … a/10.txt (2 files)"
    assert cut.cut[3].label == "two: x.txt"
    part = cut.batches.dataset(cut.cut[1].spec)
    assert part.to_path() == ["/a/2.txt", "/b.txt"]  # type: ignore[union-attr]


def test_ten_files_are_a_batch_by_default(tmp_path: Path) -> None:
    folder = made(tmp_path, *(f"{number:02d}" for number in range(25)))
    assert [one.items for one in CutInputs({"one": files(folder)}).cut] == [10, 10, 5]


def test_a_single_file_and_an_output_as_it_is(tmp_path: Path) -> None:
    folder = made(tmp_path, "a.txt")
    lone = StagedInput(Mode.MOUNT, str(folder / "a.txt"), None)
    cut = CutInputs({"one": lone})
    assert cut.opened() == [[str(folder / "a.txt")]]
    chosen = DatasetDefinition(kind="file", paths=(), transforms=(Take(1),))  # another step's output is staged whole
    made(tmp_path, "b.txt")
    cut = CutInputs({"one": StagedInput(Mode.MOUNT, str(folder), chosen)})
    assert cut.opened() == [[str(folder / "a.txt")]]


def test_linked_folders_have_files_too(tmp_path: Path) -> None:
    made(tmp_path / "real", "x.txt")
    folder = made(tmp_path / "one", "a.txt")
    (folder / "link").symlink_to(tmp_path / "real")
    assert CutInputs({"one": files(folder)}).opened() == [[f"{folder}/a.txt", f"{folder}/link/x.txt"]]


def test_partition_keys_gather_files(tmp_path: Path) -> None:
    folder = made(tmp_path, "nl/2020/a.png", "nl/2021/b.png", "de/2020/c.png")
    given = files(folder, {"partition_format": "/{country}/{year:yyyy}/*.png"})
    cut = CutInputs({"one": given}, partition_keys=("year",))
    assert [one.partition for one in cut.cut] == [{"year": "2020-01-01T00:00:00"}, {"year": "2021-01-01T00:00:00"}]
    names = [[str(Path(path).relative_to(tmp_path)) for path in paths] for paths in cut.opened()]
    assert names == [["de/2020/c.png", "nl/2020/a.png"], ["nl/2021/b.png"]]
    part = cut.batches.dataset(cut.cut[0].spec)
    assert part.to_path() == ["/de/2020/c.png", "/nl/2020/a.png"]  # type: ignore[union-attr]
    with pytest.raises(UserErrorException, match=r"'one' has no partition key 'month' \(it has: country, year\)"):
        CutInputs({"one": given}, partition_keys=("month",))


def test_other_files_than_those_of_worker_0_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path, "a.txt", "b.txt")
    cut = CutInputs({"one": files(folder)})
    made(folder, "c.txt")
    monkeypatch.setattr(batch_input, "_listed", {})  # as on another worker
    with pytest.raises(UserErrorException, match="has other files here than on worker 0: 3, there 2"):
        MiniBatches(cut.settings, cut.context, cut.prepared).cut()


def test_an_input_without_files_and_a_size_that_is_none_are_errors(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(UserErrorException, match="input 'one' has no files"):
        CutInputs({"one": files(tmp_path / "none")})
    with pytest.raises(UserErrorException, match="mini_batch_size is 'few', which is no size"):
        CutInputs({"one": files(made(tmp_path / "some", "a"))}, mini_batch_size="few")


def test_sizes_are_those_of_v1() -> None:
    assert [batch_size(one) for one in (10, "10", "1KB", "2mb", "1Gb")] == [10, 10, 1024, 2 << 20, 1 << 30]
    for wrong in ("", "1 KB", "KB", "-1", "1.5MB", "0", 0, True, "10TB"):
        with pytest.raises(ValueError, match="is "):
            batch_size(wrong)
