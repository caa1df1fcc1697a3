from __future__ import annotations

import csv
import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.operations.previews import FileKind, Place, media_type, preview
from runner.operations.shown_files import images
from runner.operations.shown_files.values import READ
from runner.override import override
from runner.ports import ObjectInfo
from tests.support.hostile_run import HTML, SVG, png
from tests.support.memory_store import MemoryStore
from tests.support.shown_previews import pages, shown


class HugeStore(MemoryStore):
    """An object of any size, made of one byte."""

    def __init__(self, size: int, start: bytes = b"", filler: bytes = b"x") -> None:
        super().__init__()
        self.info = ObjectInfo("huge", size, "e")
        self.start, self.filler, self.read = start, filler, 0

    @override
    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:  # noqa: ARG002 - there is one
        wanted = min(length, self.info.size - start)
        self.read += wanted
        head = self.start[start : start + wanted]
        return head + self.filler * (wanted - len(head))


CELLS = st.text(alphabet=st.sampled_from('ab,;"\n ä😀'), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=30))
@settings(deadline=None)
def test_the_rows_of_a_csv_are_those_that_python_reads(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("x", "y"), *rows])
    made = shown("a.csv", text.getvalue().encode())
    assert made.columns == ("x", "y")
    assert list(made.rows) == [tuple(row) for row in csv.reader(io.StringIO(text.getvalue(), newline=""))][1:]


def test_pages_of_a_csv_follow_each_other_with_the_numbers_of_rows() -> None:
    data = b"n\tm\n" + b"".join(b'%d\t"a\nb"\n' % number for number in range(250))
    found = pages("a.tsv", data)
    assert [(page.first_row, len(page.rows)) for page in found] == [(0, 100), (100, 100), (200, 50)]
    assert [row[0] for page in found for row in page.rows] == [str(number) for number in range(250)]
    assert (found[0].total_rows, found[-1].total_rows) == (None, 250)


def test_a_row_that_is_longer_than_a_page_is_told_and_the_rows_behind_it_come() -> None:
    found = pages("a.csv", b'a,b\n1,"' + b"x" * (2 * READ) + b'"\n5,6\n')
    assert "Row 1 is longer than 1 MiB: its rest is on the next page." in found[0].notes
    assert found[-1].rows[-1] == ("5", "6")
    assert len(found) == 3


def test_a_csv_of_a_million_columns_is_told() -> None:
    made = shown("a.csv", b",".join(b"%d" % at for at in range(100_000)) + b"\n1,2\n")
    assert len(made.columns) == 100
    assert "Columns 1 to 100 of 100,000 are shown." in made.notes
    assert made.rows == (("1", "2"),)


@pytest.mark.parametrize("name", ["huge.csv", "huge.txt", "huge.json", "huge.html", "huge.svg", "huge", "huge.png"])
@pytest.mark.parametrize("filler", [b"x", b"\n", b'"', b"\0", b"["])
def test_of_a_file_of_ten_gigabytes_little_is_read(name: str, filler: bytes) -> None:
    store = HugeStore(10 << 30, filler=filler)
    made = preview(store, store.info, name)
    assert made.bytes == 10 << 30
    assert store.read <= 3 * READ
    assert len(made.text) + sum(len(cell) for row in made.rows for cell in row) <= 300_000
    middle = preview(store, store.info, name, Place(5 << 30, 7, quoted=True))
    assert len(middle.text) <= 100_000


@given(st.lists(st.sampled_from([b"a", b"\n", "äß漢😀".encode(), b"\xff", b"\t"]), max_size=400).map(b"".join))
@settings(deadline=None, max_examples=30)
def test_the_pages_of_a_text_joined_are_the_text(data: bytes) -> None:
    whole = data * 400
    assert "".join(page.text for page in pages("a.txt", whole)) == whole.decode(errors="replace") or b"\xff" in data


def test_bytes_that_are_no_text_are_told() -> None:
    made = shown("a.txt", b"good \xff bad\n")
    assert made.text == "good \ufffd bad\n"
    assert made.notes
    assert shown("a.txt", "hällo".encode("utf-16")).text == "hällo"
    binary = shown("a.txt", bytes(range(256)))
    assert (binary.kind, binary.text.splitlines()[0][:20]) == (FileKind.BINARY, "00000000  00 01 02 0")


def test_json_is_laid_out_unless_it_is_deep_broken_or_large() -> None:
    assert shown("a.json", b'{"a":[1]}').text == '{\n  "a": [\n    1\n  ]\n}'
    deep = shown("a.json", b"[" * 200_000 + b"]" * 200_000)
    assert (deep.kind, deep.notes[0][:26]) == (FileKind.TEXT, "The document is nested dee")
    assert shown("a.json", b"{broken").notes == ("The file is no JSON: it is shown as it is.",)
    wide = shown("a.json", b"[" + b"[1]," * 100_000 + b"1]")
    assert len(wide.text) <= 1 << 18
    assert shown("a.json", b'["' + b"]" * 500 + b'"]').kind is FileKind.JSON
    assert shown("a.json", b"1" * 10_000).notes


@pytest.mark.parametrize(
    ("data", "kind", "size"),
    [
        (png(3, 2, 2), "image/png", (3, 2)),
        (b"GIF89a" + struct.pack("<HH", 7, 5), "image/gif", (7, 5)),
        (
            b"\xff\xd8\xff\xe0\0\x04xx\xff\xc2\0\x0b\x08" + struct.pack(">HH", 5, 7) + b"\x01\xff\xda",
            "image/jpeg",
            (7, 5),
        ),
        (b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x06\0\0\x04\0\0", "image/webp", (7, 5)),
        (b"BM" + b"\0" * 12 + struct.pack("<IiiHH", 40, 7, -5, 1, 24), "image/bmp", (7, 5)),
    ],
)
def test_the_size_of_an_image_is_read_from_its_first_bytes(data: bytes, kind: str, size: tuple[int, int]) -> None:
    made = shown("image", data)
    assert (made.kind, made.media_type, (made.width, made.height)) == (FileKind.IMAGE, kind, size)


def test_an_image_of_too_many_pixels_is_told_and_not_shown() -> None:
    made = shown("bomb.png", png(50_000, 50_000, 1))
    assert made.kind is FileKind.BINARY
    assert made.notes == ("It has 50,000 by 50,000 pixels: images of more than 40 million pixels are not shown.",)
    second = b"\xff\xd8\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\0\0\0\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01"
    assert shown("two.jpg", second).kind is FileKind.BINARY


@given(st.binary(max_size=200))
def test_any_bytes_behind_a_magic_number_are_read_as_an_image_or_none(data: bytes) -> None:
    for magic in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"BM"):
        found = images.raster(magic + data)
        assert found is None or found.width >= 0 <= found.height


def test_only_kinds_that_are_safe_to_show_have_a_media_type() -> None:
    def kind(name: str, data: bytes) -> str:
        store = MemoryStore()
        store.put(name, data)
        info = store.stat(name)
        assert info is not None
        return media_type(store, info, name)

    assert kind("a.html", HTML) == "text/html; charset=utf-8"
    assert kind("a.svg", SVG) == "image/svg+xml"
    assert kind("a.png", HTML) == kind("a.js", b"alert(1)") == "text/plain; charset=utf-8"
    assert kind("a.html", png(3, 2, 2)) == "image/png"
    assert kind("a.png", png(50_000, 50_000, 1)) == kind("a.html", b"\0\1\2" * 50) == ""
