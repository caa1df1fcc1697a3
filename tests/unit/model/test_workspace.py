from __future__ import annotations

import random

import pytest

from runner.model.workspace import name_of, place_of, segment
from runner.storage.keys import check_key

NAMES = (
    "penguins", "ws-one", "ws_two.v1", "Ws-One", "WS-ONE", "a b", "a/b", "a", "a/", "é", "e\u0301", "..", ".", ".tmp",
    "=41", "!a", "A", "%41", "a\nb", "a\0b", "", "日本", "\udcff", "a=", "-", "runs", "workspaces/a",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "written"),
    [("penguins", "penguins"), ("MyWs", "!my!ws"), ("a b/c", "a=20b=2fc"), ("é", "=c3=a9"), (".x.y", "=2ex.y")],
)
def test_a_name_is_written_as_one_safe_segment(name: str, written: str) -> None:
    assert segment(name) == written
    assert place_of(name) == f"workspaces/{written}/"


def test_no_two_names_share_a_place_nor_does_one_lie_in_another() -> None:
    places = [place_of(name) for name in NAMES]
    assert len({place.casefold() for place in places}) == len(places)  # apart where a file system ignores case, too
    assert not [(one, two) for one in places for two in places if one != two and two.startswith(one)]
    for name in filter(None, NAMES):
        assert check_key(f"{place_of(name)}store.json").isascii()


def test_every_written_name_is_read_back_and_nothing_else_is_read() -> None:
    drawn = random.Random(7)
    letters = "aZ9-_.!= /é日\0\udc80"
    names = [*NAMES, *("".join(drawn.choices(letters, k=drawn.randrange(1, 9))) for _ in range(2000))]
    assert [name_of(segment(name)) for name in names] == names
    for strange in ("A", "=4", "=zz", "!", "a!", "=61", "=ff", ".x", "a b"):
        assert name_of(strange) is None
