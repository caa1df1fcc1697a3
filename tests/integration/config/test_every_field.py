"""Each field of runner.yaml refuses what nobody could use, with its line, together with all other problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.config import Config
from runner.errors import BadInput, Problem
from runner.wiring.configuration import load


def loaded(root: Path, text: str, machine: str = "") -> Config:
    (root / "runner.yaml").write_text(text)
    (root / "machine.yaml").write_text(machine)
    return load(root, {"RUNNER_CONFIG": str(root / "machine.yaml")})


def problems(root: Path, text: str, machine: str = "") -> tuple[Problem, ...]:
    with pytest.raises(BadInput) as refused:
        loaded(root, text, machine)
    assert all(problem.remedy for problem in refused.value.problems)
    return refused.value.problems


@pytest.mark.parametrize("bomb", ["list", "merge"])
def test_aliases_of_aliases_end(tmp_path: Path, bomb: str) -> None:
    if bomb == "list":
        lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
    else:
        lines = ["a0: &a0 {x: y}", *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12))]
    (problem,) = problems(tmp_path, "\n".join(lines))
    assert "its aliases make it too long" in problem.what
