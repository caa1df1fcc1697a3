"""Environments and run configurations of v1, and the notes on how runner meets them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.sdk import (
    Environment,
)
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.environments.specification import translate


def test_a_conda_environment_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UserErrorException, match="no program 'conda'"):
        Environment.from_existing_conda_environment("e", "mine")
    conda = tmp_path / "conda"
    conda.write_text(
        '#!/bin/sh\n[ "$6" = mine ] && echo \'{"channels": ["x"], "dependencies": ["numpy"]}\' && exit 0\n'
        "echo 'no such environment' >&2; exit 1\n"
    )
    conda.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(conda))
    made = Environment.from_existing_conda_environment("e", "mine")
    assert translate(made).environment.spec.conda == ("numpy",)
    with pytest.raises(UserErrorException, match="no such environment"):
        Environment.from_existing_conda_environment("e", "other")
