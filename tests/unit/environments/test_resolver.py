"""The parts of the resolution that need no uv: its options, its output, and the messages of a failure."""

from __future__ import annotations

import pytest

from runner.environments.lock import LockedPackage
from runner.environments.resolver import newer_pin, packages
from runner.environments.resolver_failure import Asked, explain, unreachable
from runner.environments.uv_options import own_index, split_options, until

OUTPUT = """\
--extra-index-url https://user:pw@mirror/simple
pandas[excel]==1.2.4 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # from https://user:pw@mirror/simple
Mine @ https://user:pw@host/mine-1.0-py3-none-any.whl \\
    --hash=sha256:cc
numpy==1.20.3 --hash=sha256:dd
tool @ git+https://host/tool@0123abc
"""
HINT = (
    "hint: `numpy` was filtered by `exclude-newer` to only include packages uploaded before 2021-06-01T23:59:59Z. "
    "The requested version, v1.24.0, was published at 2022-12-18T17:53:12.273Z. Consider using something."
)
OLD_PYTHON = (
    "hint: The `--python-version` value (>=3.8) includes Python versions that are not supported by your "
    "dependencies (e.g., numpy==2.0.0 only supports >=3.9). Consider using a higher value."
)
ASKED = Asked(lines=("numpy==1.24",), python="3.8", platform="x86_64-manylinux_2_28", date="2021-06-01")


def test_the_output_is_read_into_packages_sorted_by_name_and_without_credentials() -> None:
    assert packages(OUTPUT) == (
        LockedPackage(name="mine", url="https://host/mine-1.0-py3-none-any.whl", hashes=("sha256:cc",)),
        LockedPackage(name="numpy", version="1.20.3", hashes=("sha256:dd",)),
        LockedPackage(name="pandas", version="1.2.4", hashes=("sha256:aa", "sha256:bb"), index="https://mirror/simple"),
        LockedPackage(name="tool", url="git+https://host/tool@0123abc"),
    )


def test_options_that_uv_does_not_read_from_a_file_go_to_its_command_line() -> None:
    lines = ("--pre", "--trusted-host mirror", "--index-url https://mirror", "numpy")
    assert split_options(lines) == (
        ("--index-url https://mirror", "numpy"),
        ("--prerelease", "allow", "--allow-insecure-host", "mirror"),
    )


def test_the_index_of_the_lines_precedes_that_of_the_machine() -> None:
    assert own_index(("-i https://mine/simple", "six")) == own_index(("--index-url=https://mine",)) != {}
    assert own_index(("--extra-index-url https://mine", "six")) == {}


def test_a_date_counts_for_all_projects_but_the_exempt_ones() -> None:
    assert until("", {"six"}) == ()
    assert until("2021-06-01", {"six"}) == (
        "--exclude-newer",
        "2021-06-01T23:59:59Z",
        "--exclude-newer-package=six=false",
    )


def test_a_pin_newer_than_the_date_moves_the_date_to_its_publication() -> None:
    assert newer_pin(["No solution", HINT], ("numpy==1.24",), "2021-06-01") == ("numpy==1.24.0", "2022-12-18")
    assert newer_pin([HINT], ("Numpy[x] == 1.24.0 ; python_version < '4'",), "2021-06-01") is not None
    assert newer_pin([HINT], ("Numpy >=1.24",), "2021-06-01") is None, "the author did not ask for that very release"
    assert newer_pin([HINT], ("numpy==1.24",), "2022-12-18") is None, "the date cannot move for ever"
    assert newer_pin(["No solution"], ("numpy==1.24",), "2021-06-01") is None


@pytest.mark.parametrize(
    ("line", "cause", "remedy"),
    [
        (HINT, "no release of that time fits", "later date"),
        (
            OLD_PYTHON,
            "numpy==2.0.0 needs Python >=3.9",
            "ask for such a Python",
        ),
        ("  x Because there is no version of six==99 and you require", "there is no release six==99", "correct"),
        ("  cause: nosuch was not found in the package registry", "no index has nosuch", "correct its name"),
        ("error: Failed to fetch: `https://pypi.org/simple/six/`", "the package index could not be reached", "network"),
        ("  hint: 401 Unauthorized", "the package index refuses access", "${NAME}"),
        ("  x Failed to build `mpi4py==3.0`", "mpi4py==3.0 has no wheel", "a version with a wheel"),
        ("  cause: your requirements are unsatisfiable", "the requirements contradict each other", "loosen"),
    ],
)
def test_a_failure_names_cause_and_remedy_and_shows_the_solvers_lines(line: str, cause: str, remedy: str) -> None:
    message = explain("environment 'e'", ASKED, ["error: first", line], "")
    assert "cannot be resolved for Python 3.8 on x86_64-manylinux_2_28, no newer than 2021-06-01" in message
    assert cause in message
    assert remedy in message
    assert f"  | {line.rstrip()[:80]}" in message
    assert "  | error: first" in message


def test_a_python_that_would_work_is_the_first_advice() -> None:
    message = explain("environment 'e'", ASKED, ["unsatisfiable"], "3.9")
    assert "ask for Python 3.9, for which they can be resolved; or loosen the pins" in message


def test_an_index_that_does_not_answer_is_told_apart() -> None:
    assert unreachable(["error: Failed to fetch: `https://pypi.org/simple/six/`"])
    assert not unreachable(["No solution found"])
