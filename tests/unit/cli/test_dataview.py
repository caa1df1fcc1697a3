"""Files, sizes and differences as people see them."""

from __future__ import annotations

from runner.cli.dataview import copied_lines, difference_lines, file_lines, finding_lines, usage_lines
from runner.cli.paint import Paint
from runner.operations.files.comparison import DataDifference, FileDifference
from runner.operations.files.copied import Copied
from runner.operations.files.selection import FoundFile, FoundFiles
from runner.operations.files.usage import Usage
from runner.operations.files.verification import Finding, Verification
from tests.support import builders as b


def test_files() -> None:
    sizes = {"data/a.csv": 12, "data/b.csv": 123456}
    files = tuple(FoundFile(path=path, datastore="lake", key=path, size=size) for path, size in sizes.items())
    shown = file_lines(FoundFiles(path="data", files=files), Paint())
    assert shown == ["     12 B  data/a.csv", "120.6 KiB  data/b.csv"]


def test_usage() -> None:
    shown = usage_lines([Usage("data/", 12, 1 << 30), Usage("a", 1, 5)], Paint())
    assert shown == ["1.0 GiB  12 files  data/", "    5 B    1 file  a"]


def test_copies() -> None:
    assert list(copied_lines(Copied(1, 10), "here")) == ["1 file, 10 B → here"]
    assert list(copied_lines(Copied(0, 0, unchanged=2), "here")) == ["0 files, 0 B → here; 2 files unchanged"]


def test_differences() -> None:
    many = tuple(FileDifference(f"f{number:02d}", 1, 1) for number in range(12))
    some = (FileDifference("a", None, 3), FileDifference("b", 4, None), FileDifference("", 5, 2048))
    found = [
        DataDifference(step="prep", kind="input", name="raw", same=True),
        DataDifference(step="prep", kind="output", name="out", same=False, files=some),
        DataDifference(step="train", kind="output", name="out", same=False, note="only the first run has it"),
        DataDifference(step="last", kind="output", name="out", same=False, files=many),
    ]
    shown = list(difference_lines(found, Paint()))
    assert shown[:6] == [
        "prep: input raw    same",
        "prep: output out   differs in 3 files",
        "    + a  3 B",
        "    - b  4 B",
        "    ~ its content  5 B → 2.0 KiB",
        "train: output out  only the first run has it",
    ]
    assert shown[-2:] == ["    ~ f09  1 B", "    and 2 more; all: --json"]


def test_findings() -> None:
    good = Verification(run=b.RUN, outputs=1, files=2, bytes=2048)
    assert list(finding_lines(good, Paint(), quick=False)) == [
        "2 files of 1 output of run aaaaaa (2.0 KiB read): all as committed"
    ]
    bad = Verification(run=b.RUN, outputs=1, files=2, bytes=9, findings=(Finding("prep/out/a", "is gone"),))
    assert list(finding_lines(bad, Paint(), quick=True)) == [
        "prep/out/a is gone",
        "2 files of 1 output of run aaaaaa (presence and size): 1 problem",
    ]
