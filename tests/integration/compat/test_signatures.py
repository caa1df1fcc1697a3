"""The constructors and methods that v1's drivers call have v1's parameters, in v1's order, with v1's defaults."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import pytest

from runner.azureml import install

LINES = (Path(__file__).parent / "v1-signatures.txt").read_text(encoding="utf-8").splitlines()
SIGNATURES = [line for line in LINES if not line.startswith("#")]


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    install()


def found(place: str) -> object:
    """What stands at a dotted place, which goes through modules and then attributes."""
    parts = place.split(".")
    split = next((index for index, part in enumerate(parts) if not part.islower()), len(parts) - 1)
    value: object = import_module(".".join(parts[:split]))
    for part in parts[split:]:
        value = getattr(value, part)
    return value


def wanted(signature: str) -> Iterator[tuple[str, bool, object]]:
    """Name, whether it may be given by position, and default (inspect's mark of none) of each parameter."""
    (function,) = ast.parse(f"def f({signature.partition('(')[2]}: ...").body
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    without = len(given.args) - len(given.defaults)
    defaults = [inspect.Parameter.empty] * without + [ast.literal_eval(value) for value in given.defaults]
    yield from ((one.arg, True, default) for one, default in zip(given.args, defaults, strict=True))
    for one, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield one.arg, False, ast.literal_eval(value) if value else inspect.Parameter.empty


def parameters(place: str) -> Mapping[str, inspect.Parameter]:
    value = found(place)
    assert callable(value)
    own = inspect.signature(value).parameters
    return {name: one for name, one in own.items() if name != "self" and one.kind is not one.VAR_POSITIONAL}


@pytest.mark.parametrize("signature", SIGNATURES)
def test_parameters_are_v1s(signature: str) -> None:
    ours = parameters(signature.partition("(")[0])
    places = list(ours)
    for index, (name, positional, default) in enumerate(wanted(signature)):
        assert name in ours
        if positional:
            assert (places.index(name), ours[name].kind) == (index, ours[name].POSITIONAL_OR_KEYWORD)
        if default not in (inspect.Parameter.empty, ...):
            assert (ours[name].default, type(ours[name].default)) == (default, type(default)), name
