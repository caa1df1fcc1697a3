"""Ours are frozen dataclasses like the standard library's: same calls, same comparisons, same refusals."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from functools import cached_property

import pytest

from runner.dataclass import dataclass, field


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 2
    names: list[str] = field(default_factory=list)

    @cached_property
    def total(self) -> int:
        return self.x + self.y


@dataclass(frozen=True)
class Lone:
    what: str


@dataclass(frozen=True)
class Empty:
    """Nothing in it."""


@dataclass(frozen=True)
class Checked:
    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("below zero")


def test_it_takes_values_by_place_and_by_name_and_fills_the_rest() -> None:
    assert (Point(1).y, Point(1).names) == (2, [])
    assert Point(1, y=3, names=["a"]) == Point(1, 3, ["a"])
    assert Point(1).names is not Point(1).names


@pytest.mark.parametrize("arguments", [(), (1, 2, [], 4)])
def test_it_refuses_too_few_and_too_many(arguments: tuple[int, ...]) -> None:
    with pytest.raises(TypeError):
        Point(*arguments)  # type: ignore[arg-type]


def test_equal_means_equal_fields_of_the_same_class() -> None:
    assert Lone("a") == Lone("a") != Lone("b")
    assert hash(Lone("a")) == hash(Lone("a"))
    assert {Lone("a"): 1}[Lone("a")] == 1
    assert Lone("a").__eq__(("a",)) is NotImplemented
    assert Empty() == Empty()


def test_it_cannot_be_changed() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert point.total == 3


def test_the_standard_library_takes_it_for_its_own() -> None:
    assert dataclasses.replace(Point(1), x=5) == Point(5)
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 2, "names": []}
    assert repr(Point(1)) == "Point(x=1, y=2, names=[])"
    assert pickle.loads(pickle.dumps(Point(1))) == copy.deepcopy(Point(1)) == Point(1)
    assert getattr(Point, "__match_args__", ("x", "y", "names")) == ("x", "y", "names")


def test_it_checks_itself() -> None:
    with pytest.raises(ValueError, match="below zero"):
        Checked(-1)


@dataclass(frozen=True, kw_only=True)
class Base:
    first: int = 1


@dataclass(frozen=True, kw_only=True)
class Derived(Base):
    needed: int


@dataclass(frozen=True)
class Mixed(Base):
    place: int


def test_fields_by_keyword_may_follow_defaults_and_are_inherited() -> None:
    assert (Derived(needed=2).first, Derived(needed=2, first=3).first) == (1, 3)
    assert Mixed(2, first=3) == Mixed(place=2, first=3)
    for shape, values in ((Derived, (2,)), (Mixed, (1, 2)), (Derived, ())):
        with pytest.raises(TypeError):
            shape(*values)  # type: ignore[call-arg]


@dataclass(kw_only=True)
class Changing:
    size: int
    made: int = field(init=False)

    def __post_init__(self) -> None:
        self.made = self.size + 1


@dataclass(eq=False)
class Lonely:
    size: int


def test_one_that_is_not_frozen_changes_and_is_compared_unless_it_says_not_to() -> None:
    one = Changing(size=1)
    one.size = 2
    assert (one.size, one.made) == (2, 2)
    assert one != Changing(size=1) == Changing(size=1)
    with pytest.raises(TypeError):
        hash(one)
    assert Lonely(1) != Lonely(1)
    assert len({Lonely(1), Lonely(1)}) == 2
