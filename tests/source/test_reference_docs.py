"""The generated pages of docs/reference agree with the code."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from runner.model.policy_overrides import READERS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts/reference"))


@pytest.mark.parametrize("page", ["cli.md", "configuration.md", "rest.md"])
def test_a_generated_page_is_up_to_date(generator: dict[str, Any], page: str) -> None:
    written = (ROOT / "docs/reference" / page).read_text(encoding="utf-8")
    assert written == generator["rendered"](page), f"run scripts/reference: docs/reference/{page} differs from the code"


def test_the_width_of_the_terminal_changes_no_page(generator: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    before = generator["rendered"]("cli.md")
    monkeypatch.setenv("COLUMNS", "40")
    assert generator["rendered"]("cli.md") == before


def test_every_argument_has_a_help_text(generator: dict[str, Any]) -> None:
    rows = [line for line in generator["rendered"]("cli.md").splitlines() if line.startswith("| ")]
    assert len(rows) > 80
    assert [row for row in rows if row.endswith("|  |")] == []


def test_the_page_on_policies_names_every_field() -> None:
    page = (ROOT / "docs/reference/policies.md").read_text(encoding="utf-8")
    named = {"always", "continue_on_step_failure"} | set(READERS) - {"continue_on_failure", "packages_until"}
    assert [name for name in sorted(named) if f"`{name}" not in page] == []
