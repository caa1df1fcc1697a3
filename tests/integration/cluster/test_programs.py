from __future__ import annotations

from pathlib import Path

import pytest

from runner.compute.kubernetes.programs import kind_clusters, run_program
from runner.errors import BadInput, TargetError


def test_a_missing_program_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match=r"program kind is not installed(.|\n)*install kind"):
        kind_clusters()


def test_a_failing_program_is_quoted() -> None:
    with pytest.raises(TargetError, match="exit code 3\nwhy"):
        run_program(["sh", "-c", "echo why >&2; exit 3"])


def test_a_program_reads_what_it_is_given() -> None:
    assert run_program(["cat"], given="words") == "words"


def test_a_slow_program_is_given_up() -> None:
    with pytest.raises(TargetError, match="did not end"):
        run_program(["sleep", "5"], seconds=0.05)
