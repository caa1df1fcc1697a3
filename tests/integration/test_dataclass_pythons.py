"""The methods that our dataclass compiles work under the oldest Pythons of a step."""

from __future__ import annotations

import subprocess

import pytest

from runner.environments.pythons import installed
from tests.support.kind_runs import REPOSITORY

CODE = """
from runner.dataclass import dataclass

@dataclass(frozen=True)
class Two:
    x: int
    y: int = 2

@dataclass(frozen=True)
class One:
    x: int

assert Two(1) == Two(1) != Two(2) and hash(Two(1)) == hash(Two(1))
assert One(1) == One(1) != One(2) and hash(One(1)) == hash(One(1))
"""


@pytest.mark.parametrize("minor", [(3, 8), (3, 9)])
def test_values_are_compared_and_hashed(minor: tuple[int, int]) -> None:
    python = installed(minor)
    if python is None:
        pytest.skip("cannot run here: no such Python is installed, or it does not answer")
    ended = subprocess.run([python, "-c", CODE], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
