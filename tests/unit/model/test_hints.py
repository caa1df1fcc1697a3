"""Field types are found under every Python that a step runs on: scripts/test-python runs this under 3.8 too."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass

from runner.model import hints


@dataclass
class Base:
    name: str


@dataclass
class Shape(Base):
    one: int | None
    many: tuple[str, ...]
    nested: Mapping[str, int | Base | None]
    own: Shape | None = None


def test_types_of_fields_are_found_with_those_of_base_classes() -> None:
    found = hints.hints_of(Shape)
    assert found["name"] is str
    assert set(typing.get_args(found["one"])) == {int, type(None)}
    assert (typing.get_origin(found["many"]), typing.get_args(found["many"])) == (tuple, (str, ...))
    assert typing.get_origin(found["nested"]) is Mapping
    assert set(typing.get_args(typing.get_args(found["nested"])[1])) == {int, Base, type(None)}
    assert set(typing.get_args(found["own"])) == {Shape, type(None)}
