from __future__ import annotations

import pytest

from runner.errors import Problem
from runner.images.build_failure import explain, refused


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("ERROR: No matching distribution found for six==99", "no release matches six==99"),
        ("ERROR: Could not find a version that satisfies the requirement nix (from versions: none)", "no package nix"),
        (
            "ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies.",
            "contradict each other: a==1 and b==2",
        ),
        ("ERROR: Failed building wheel for lxml", "building it failed: lxml"),
        ("error: subprocess-exited-with-error", "building it failed"),
        (
            "git clone --filter=blob:none --quiet file:///nowhere/mine.git /tmp/p did not run successfully.",
            "git could not read the repository file:///nowhere/mine.git",
        ),
        (
            "git clone --quiet ssh://git@host/team/x.git /tmp/p did not run successfully.",
            "git could not read the repository ssh://git@host/team/x.git",
        ),
        (
            "git checkout -q v9 did not run successfully.",
            "does not have what was asked for: git checkout -q v9 failed",
        ),
        ("ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?", "there is no git program"),
        ("pull access denied for nope, repository does not exist", "could not be pulled: nope"),
        ("manifest for python:3.99 not found: manifest unknown", "could not be pulled: python:3.99"),
        ("dial tcp: lookup registry: no such host", "registry of the base image could not be reached"),
        (
            "#5 0.3 runner: the base image has none of micromamba, mamba, conda",
            "the base image has none of micromamba, mamba, conda, and packages of the environment need one",
        ),
        (
            "runner: the base image has Python 3.9.1 now, and the lock was made for 3.8",
            "base image has Python 3.9.1 now",
        ),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("Command Output: write /tmp/images-tar1/images.tar: no space left on device", "disk is full"),
        ("The virtual environment was not created: ensurepip is not available.", "cannot make virtual environments"),
    ],
)
def test_known_causes_are_named_with_a_remedy(line: str, cause: str) -> None:
    head, remedy, *shown = explain("it failed", ["before", line]).splitlines()
    assert cause in head
    assert remedy.startswith("  do:    ")
    assert shown == ["  | before", f"  | {line}"]


def test_a_repository_that_cannot_be_read_is_no_failed_build() -> None:
    """pip calls every program that fails a subprocess that exited with an error."""
    pip = [
        "error: subprocess-exited-with-error",
        "git clone --quiet https://h/x.git /tmp/p did not run successfully.",
    ]
    head, remedy, *_ = explain("it failed", pip).splitlines()
    assert head == "it failed: git could not read the repository https://h/x.git"
    assert "wheel" not in remedy


def test_a_pin_of_an_older_python_is_told_with_the_python_that_was_asked_for() -> None:
    pip = ["ERROR: Could not find a version that satisfies the requirement a==2 (from versions: 3)",
           "ERROR: No matching distribution found for a==2"]  # fmt: skip
    note = "Python 3.8 is too old for a step; 3.11 is used instead"
    head, remedy, *_ = explain("it failed", pip, python_note=note).splitlines()
    assert head == f"it failed: no release matches a==2 ({note})"
    assert remedy.startswith("  do:    loosen the pin")
    assert note not in explain("it failed", pip)
    assert note not in explain("it failed", ["No space left on device"], python_note=note)


def test_an_unknown_cause_is_shown_by_its_last_lines() -> None:
    assert explain("it failed", ["", *map(str, range(20)), " "]).splitlines() == [
        "it failed",
        *(f"  | {number}" for number in range(8, 20)),
    ]


def test_long_lines_lose_their_middle() -> None:
    shown = explain("it failed", ["a" * 1000 + "end"])
    assert len(shown) < 400
    assert shown.endswith("end")


def test_problems_become_one_error() -> None:
    assert str(refused([Problem("a"), Problem("b", "c", "d")])) == "a\nb\n  where: c\n  do:    d"


def test_the_package_that_uv_could_not_build_is_named_before_its_long_traceback() -> None:
    lines = ["  x Failed to build `scikit-learn==0.20.3`", *(f"  line {number}" for number in range(30))]
    shown = explain("it failed", lines).splitlines()
    assert shown[0].startswith("it failed: scikit-learn==0.20.3 has no wheel for this Python and platform")
    assert shown[1].startswith("  do:    choose a version with a wheel")
    assert shown[2:] == [f"  | {lines[0]}", *(f"  |   line {number}" for number in range(26, 30))]
