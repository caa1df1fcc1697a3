"""The program of a NotebookRunnerStep: the cell of parameters, and where the executed notebook is kept."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.step.notebook import inject, kept_at, literal, main

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def notebook(*tags: str, minor: int = 5) -> Any:
    made = nbformat.v4.new_notebook()
    made.nbformat_minor = minor
    for tag in tags:
        cell = nbformat.v4.new_code_cell(f"# {tag}", metadata={"tags": [tag]} if tag else {})
        if minor < 5:
            del cell["id"]
        made.cells.append(cell)
    return made


def sources(given: Any) -> list[str]:
    return [cell.source.splitlines()[-1] for cell in given.cells]


@given(JSON)
def test_a_value_is_the_same_in_python(value: object) -> None:
    read = eval(literal(value), {"__builtins__": {"float": float}})
    assert repr(read) == repr(value)


def test_numbers_that_json_lacks() -> None:
    assert math.isnan(eval(literal(math.nan)))
    assert eval(literal([-math.inf, {"a": math.inf}])) == [-math.inf, {"a": math.inf}]


@pytest.mark.parametrize("minor", [2, 5])
def test_parameters_come_after_the_tagged_cell(minor: int) -> None:
    made = notebook("", "parameters", "", minor=minor)
    inject(made, {"rate": 0.5, "name": 'it\'s "x"'})
    assert sources(made) == ["# ", "# parameters", "name = 'it\\'s \"x\"'", "# "]
    assert made.cells[2].metadata.tags == ["injected-parameters"]
    nbformat.validate(made)


def test_without_a_tagged_cell_they_are_the_first_one() -> None:
    made = notebook("", "other")
    inject(made, {"rate": 1})
    assert sources(made) == ["rate = 1", "# ", "# other"]


def test_those_of_an_earlier_execution_are_replaced() -> None:
    made = notebook("parameters", "")
    inject(made, {"rate": 1})
    inject(made, {"rate": 2})
    assert sources(made) == ["# parameters", "rate = 2", "# "]


def test_no_parameters_add_no_cell() -> None:
    made = notebook("parameters")
    inject(made, {})
    assert sources(made) == ["# parameters"]


@pytest.mark.parametrize(
    ("output", "folder", "places"),
    [
        ("train.output.ipynb", "", ["outputs/train.output.ipynb"]),
        ("outputs/a/b.ipynb", "", ["outputs/a/b.ipynb"]),
        ("logs/b.ipynb", "/data/x", ["logs/b.ipynb", "/data/x/logs/b.ipynb"]),
        ("outputs_of_mine/b.ipynb", "", ["outputs/outputs_of_mine/b.ipynb"]),
    ],
)
def test_the_executed_notebook_is_among_the_files_of_the_run(output: str, folder: str, places: list[str]) -> None:
    assert kept_at(output, folder) == tuple(map(Path, places))


def test_an_environment_without_the_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("runner.step.notebook.find_spec", lambda name: None if name != "nbformat" else object())
    assert main(['{"notebook": "a.ipynb", "output": "b.ipynb", "parameters": {}}', ""]) == 1
    said = capsys.readouterr().err
    assert "no nbclient and no ipykernel" in said
    assert "add 'nbclient' and 'ipykernel' to its pip packages" in said
