"""Values of secrets are replaced in whatever is kept of a step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.data import masking
from runner.data.masking import Masking, Stream, masked, masked_lines, masked_record, masked_text
from runner.data.secret_values import masks
from runner.data.work_dir import keep_files
from runner.model.record import Failure
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

FEW = st.binary(max_size=60).map(lambda data: bytes(b"abc\n"[byte % 4] for byte in data))
VALUES = st.lists(st.text("abc", min_size=4, max_size=8).map(str.encode), max_size=3, unique=True)
FIELDS = frozenset({"name", "value", "kind", "time", "key", "at"})


def test_a_line_leaves_when_it_is_whole() -> None:
    masking = Masking([b"secret-1"])
    assert masking.add(b"a secr") == b""
    assert masking.add(b"et-1 b\nnext ") == b"a *** b\n"
    assert masking.idle() == b"next "
    assert masking.rest() == b""


@pytest.mark.parametrize("cut", range(len(b"x secret-1 y")))
def test_a_value_cut_in_two_is_masked_also_without_line_ends(cut: int) -> None:
    masking, text = Masking([b"secret-1"]), b"x secret-1 y"
    out = masking.add(text[:cut]) + masking.idle() + masking.add(text[cut:]) + masking.idle() + masking.rest()
    assert out == b"x *** y"


def test_a_line_without_end_does_not_wait_for_ever() -> None:
    assert len(Masking([b"secret-1"]).add(b"x" * (1 << 18))) == 1 << 18


def test_nothing_to_mask_changes_nothing() -> None:
    masking = Masking([])
    assert masking.add(b"a\nb") + masking.idle() == b"a\nb"


@given(FEW, VALUES)
def test_no_value_is_left_and_all_else_stays(data: bytes, hidden: list[bytes]) -> None:
    shown = masked(data, hidden)
    assert not any(value in shown for value in hidden)
    kept = shown.split(b"***")
    assert data.startswith(kept[0])
    assert data.endswith(kept[-1])
    if len(kept) == 1:
        assert shown == data


@given(FEW, VALUES, st.lists(st.integers(1, 9), max_size=20))
def test_a_stream_in_pieces_is_masked_as_a_whole(data: bytes, hidden: list[bytes], sizes: list[int]) -> None:
    stream, rest, out = Stream(hidden), data, b""
    for size in (*sizes, len(data)):
        out += stream.add(rest[:size])
        rest = rest[size:]
    assert out + stream.rest() == masked(data, hidden)


def test_an_empty_piece_forgets_nothing_of_a_value_that_was_begun() -> None:
    stream = Stream([b"bbaa"])
    assert stream.add(b"bbaa") + stream.add(b"") + stream.rest() == b"***"


@given(FEW, VALUES, st.lists(st.integers(1, 9), max_size=20))
def test_no_value_leaves_what_people_read_as_it_comes(data: bytes, hidden: list[bytes], sizes: list[int]) -> None:
    masking_, rest, out = Masking(hidden), data, b""
    for size in (*sizes, len(data)):
        out += masking_.add(rest[:size]) + masking_.idle()
        rest = rest[size:]
    assert not any(value in out + masking_.rest() for value in hidden)


def test_values_that_overlap_leave_no_part() -> None:
    assert masked(b"x abcdef y abcd", [b"abcd", b"cdef"]) == b"x *** y ***"
    assert masked(b"ababab", [b"abab"]) == b"***"


@given(st.text(min_size=4, max_size=12).filter(lambda text: len(text.strip()) >= 4 and "*" not in text))
def test_json_is_masked_in_either_of_its_spellings(value: str) -> None:
    hidden = masks([value])
    lines = [line.strip() for line in value.splitlines() if len(line.strip()) >= 4]
    for ascii_only in (True, False):
        line = json.dumps({"name": "m", "value": [f"a {value} b"]}, ensure_ascii=ascii_only).encode("utf-8", "replace")
        document = json.loads(masked_lines(line, hidden, fields=FIELDS))
        assert document["name"] == "m" or "m" in value
        if ascii_only:
            assert not any(one in document["value"][0] for one in lines)
    raw = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert not any(json.dumps(one, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass") in masked(raw, hidden)
                   for one in lines)  # fmt: skip


def test_lines_keep_what_readers_need() -> None:
    hidden = masks(["name", "1234", "2026", "table", 'pa"ss\u00e9'])
    written = {"name": "name", "value": {"1234": 1234, "x": [12345, True]}, "kind": "table",
               "time": "2026-11-28T10:00:00.000Z", 'pa"ss\u00e9': 1}  # fmt: skip
    data = json.dumps(written).encode() + b"\nno json 1234\n" + b"[" * 100_000 + b"1234\n"
    first, second, third = masked_lines(data, hidden, fields=FIELDS).splitlines()
    assert json.loads(first) == {"name": "***", "value": {"***": "***", "x": [12345, True]}, "kind": "table",
                                 "time": "2026-11-28T10:00:00.000Z", "***": 1}  # fmt: skip
    assert second == b"no json ***"
    assert third.endswith(b"[***")


def test_what_holds_no_value_stays_byte_for_byte() -> None:
    data = b'{"a":1,  "b": "\\u0061"}\r\n\n[1]'
    assert masked_lines(data, masks(["secret"])) == data


def test_an_escape_hides_nothing_in_a_report() -> None:
    assert b"***" in masked_lines(b'{"value": "\\u0073ecret"}\n', masks(["secret"]), fields=FIELDS)


def test_all_words_of_a_record_are_masked() -> None:
    text = "x secret-1"
    record = b.record(1, Failure.USER, reason=text, tail=text, remedy=text, warnings=(text,), artifacts=(text,))
    shown = masked_record(record, masks(["secret-1"]))
    assert "secret-1" not in repr(shown)
    assert (shown.reason, shown.warnings, shown.artifacts) == ("x ***", ("x ***",), ("x ***",))


def test_a_name_with_a_lone_surrogate_is_masked() -> None:
    assert masked_text("\udcff secret", masks(["secret"])) == "\udcff ***"


def test_a_file_is_masked_across_its_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_BLOCK", 7)
    (tmp_path / "log").write_bytes(b"a secret-1 b\n" * 9)
    masking.copy_file(tmp_path / "log", tmp_path / "out", masks(["secret-1"]))
    assert (tmp_path / "out").read_bytes() == b"a *** b\n" * 9


def test_files_whose_names_differ_in_secrets_alone_are_all_kept(tmp_path: Path) -> None:
    for name in ("secret-1", "secret-2"):
        (tmp_path / f"{name}.txt").write_text(f"{name} end")
    store, hidden = MemoryStore(), masks(["secret-1", "secret-2"])
    assert keep_files(store, tmp_path, "f/", hidden, masking.copy_file) == ("***-2.txt", "***.txt")
    assert store.objects == {"f/***.txt": b"*** end", "f/***-2.txt": b"*** end"}


def test_without_secrets_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with masking.without(tmp_path / "a", (), masking.copy_file) as shown:
        assert shown == tmp_path / "a"
