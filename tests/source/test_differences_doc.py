"""The ledger of differences and the migration page agree with the code and the tests."""

from __future__ import annotations

import ast
import pkgutil
import re
import shlex
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from runner.azureml import install
from runner.cli.arguments import parse
from runner.sdk.base.refused import Refused

ROOT = Path(__file__).parents[2]
FACTS_OF_V1 = ROOT / "tests" / "integration" / "v1"
DIFFERENCES = (ROOT / "docs" / "maintainers" / "differences.md").read_text(encoding="utf-8")
MIGRATING = (ROOT / "docs" / "how-to" / "migrating-from-azureml.md").read_text(encoding="utf-8")
BEGIN, END = "<!-- refused: begin", "<!-- refused: end -->"


def rows(text: str) -> list[list[str]]:
    """The cells of each row of each table, without the heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]
    return [row for row in cells if not set("".join(row)) <= {"-", " "} and row[0] not in ("fact", "what", "in v1")]


FACTS = [row for row in rows(DIFFERENCES) if len(row) == 4]
NAMED = sorted(set(re.findall(r"`((?:[\w/]+/)?test_\w+\.py)::(\w+)`", DIFFERENCES)))


@cache
def functions_of(file: str) -> frozenset[str]:
    path = ROOT / file if "/" in file else FACTS_OF_V1 / file
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[f"{file}::{test}" for file, test in NAMED])
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    assert test in functions_of(file)


def test_every_fact_has_its_test() -> None:
    assert len(FACTS) > 120
    assert [row[0] for row in FACTS if not re.fullmatch(r"`test_\w+\.py::\w+`", row[3])] == []


def test_every_fact_has_a_source_and_says_whether_it_holds() -> None:
    assert {row[1] for row in FACTS} == {"O", "W", "N"}
    assert [row[0] for row in FACTS if not row[2]] == []


def test_every_test_of_a_fact_is_named() -> None:
    files = sorted(set(FACTS_OF_V1.glob("test_*.py")) - {FACTS_OF_V1 / "test_drivers.py"})
    tests = {(path.name, name) for path in files for name in functions_of(path.name) if name.startswith("test_")}
    assert sorted(tests - set(NAMED)) == []


COMMANDS = [shlex.split(line, comments=True) for line in MIGRATING.splitlines() if line.startswith("runner ")]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_of_the_migration_page_is_one(words: list[str]) -> None:
    assert parse(words[1:]).command == words[1]


def refusals() -> dict[tuple[str, str], list[str]]:
    """Names of v1 that cannot be used, by (reason, remedy), as a user meets them."""
    found: dict[tuple[str, str], set[str]] = {}
    install()
    for module in pkgutil.walk_packages(import_module("azureml").__path__, "azureml."):
        loaded = import_module(module.name)
        for name in getattr(loaded, "__all__", ()):
            value = getattr(loaded, name)
            if isinstance(value, type) and issubclass(value, Refused):
                found.setdefault(said(value), set()).add(name)
    return {why: sorted(names) for why, names in found.items()}


def said(stand_in: type[Refused]) -> tuple[str, str]:
    with pytest.raises(NotImplementedError) as caught:
        stand_in()
    first, second = str(caught.value).splitlines()
    return first.partition(": ")[2].removeprefix("is not offered: "), second.partition("do:")[2].strip()


def test_the_list_of_what_is_refused_is_the_codes() -> None:
    body = MIGRATING.partition(BEGIN)[2].partition("-->\n")[2].partition(END)[0].strip()
    lines = [
        f"| {', '.join(f'`{name}`' for name in names)} | {reason} | {remedy} |"
        for (reason, remedy), names in sorted(refusals().items(), key=lambda item: item[1])
    ]
    wanted = "\n".join(["| name | why | instead |", "| --- | --- | --- |", *lines])
    assert body == wanted, f"put this between the marks of docs/how-to/migrating-from-azureml.md:\n{wanted}"
