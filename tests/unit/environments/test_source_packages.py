"""Packages that exist as source only, by output of uv 0.13.9 with shortened URLs."""

from __future__ import annotations

import pytest

from runner.environments.lock import LockedPackage
from runner.environments.resolver_failure import Asked
from runner.environments.source_packages import note, other_pythons, source_packages, with_wheel, without_wheel
from runner.environments.uv_program import Outcome

PYLOCK = """\
lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.8"

[[packages]]
name = "numpy"
version = "1.24.4"
sdist = { url = "https://files.pythonhosted.org/packages/a4/9b/numpy-1.24.4.tar.gz", size = 10911229 }
wheels = [{ url = "https://files.pythonhosted.org/packages/98/5d/numpy-1.24.4-cp38-cp38-manylinux_2_17_x86_64.whl" }]

[[packages]]
name = "scikit-learn"
version = "0.20.3"
sdist = { url = "https://files.pythonhosted.org/packages/f1/cb/scikit-learn-0.20.3.tar.gz", size = 1181 }

[[packages]]
name = "six"
version = "1.16.0"
archive = { url = "https://files.pythonhosted.org/packages/d9/5a/six-1.16.0-py2.py3-none-any.whl" }
"""
FAILED = (
    "error: Failed to build `scikit-learn==0.20.3`",
    "  cause: The build backend returned an error",
    "         ImportError: Numerical Python (NumPy) is not installed.",
)
NO_WHEEL = Outcome(1, "", ("  cause: Because scikit-learn==0.20.3 has no usable wheels and you require it",))
ASKED = Asked(
    lines=("--index-url https://mine/simple", "--no-binary :all:", "scikit-learn==0.20.3", "numpy"),
    python="3.8",
    platform="x86_64-manylinux_2_28",
    date="2024-10-31",
)


class Solver:
    """A solver that has a wheel of the pin for some Pythons, and of a later release for the Python asked for."""

    def __init__(self, pythons: tuple[str, ...] = (), later: str = "") -> None:
        self.asked: list[tuple[Asked, tuple[str, ...]]] = []
        self._pythons = pythons
        self._later = later

    def __call__(self, asked: Asked, *extra: str) -> Outcome:
        self.asked.append((asked, extra))
        if "pylock.toml" in extra:
            return Outcome(0, PYLOCK, ())
        if "lowest" in extra:
            assert asked.lines[-1] == "scikit-learn>=0.20.3"
            return (
                Outcome(0, f"scikit-learn=={self._later} \\\n    --hash=sha256:aa\n", ()) if self._later else NO_WHEEL
            )
        return Outcome(0, "", ()) if asked.python in self._pythons else NO_WHEEL


def test_packages_without_wheels_are_those_with_a_source_alone() -> None:
    assert without_wheel(PYLOCK) == ("scikit-learn==0.20.3",)
    assert without_wheel("") == ()


def test_the_locked_packages_of_an_index_are_looked_at_without_network() -> None:
    solver = Solver()
    locked = (
        LockedPackage(name="scikit-learn", version="0.20.3"),
        LockedPackage(name="own", version="1", wheel="ab"),
        LockedPackage(name="tool", url="git+https://host/tool@0123"),
    )
    assert source_packages(ASKED, locked, solver) == ("scikit-learn==0.20.3",)
    ((asked, extra),) = solver.asked
    assert asked.lines == ("--index-url https://mine/simple", "scikit-learn==0.20.3")
    assert {"--offline", "--no-deps"} <= {*extra}
    assert source_packages(ASKED, locked[1:], solver) == ()
    assert len(solver.asked) == 1, "there is nothing to ask about"


def test_an_index_that_is_not_in_the_cache_makes_no_note() -> None:
    locked = (LockedPackage(name="scikit-learn", version="0.20.3"),)
    assert source_packages(ASKED, locked, lambda *_: Outcome(1, PYLOCK, ())) == ()


def test_one_line_names_all_of_them() -> None:
    end = "built from source, which may take minutes and may fail"
    assert note(["a==1"], "3.8") == f"a==1 has no wheel for Python 3.8: it is {end}"
    assert note(["a==1", "b==2"], "3.8") == f"a==1, b==2 have no wheel for Python 3.8: they are {end}"


@pytest.mark.parametrize(
    ("solver", "remedy"),
    [
        (
            Solver(("3.12", "3.10"), "0.22"),
            (
                "ask for Python 3.10, for which scikit-learn==0.20.3 has a wheel; "
                "or require scikit-learn==0.22, which has a wheel for Python 3.8"
            ),
        ),
        (Solver((), "0.22"), "require scikit-learn==0.22, which has a wheel for Python 3.8"),
        (Solver(("3.9",)), "ask for Python 3.9, for which scikit-learn==0.20.3 has a wheel"),
        (Solver(), ""),
    ],
    ids=["both", "a later release", "another Python", "nothing"],
)
def test_the_remedy_names_what_has_a_wheel(solver: Solver, remedy: str) -> None:
    assert with_wheel(ASKED, FAILED, solver) == remedy
    assert {asked.date for asked, _ in solver.asked} == {"2024-10-31"}


def test_another_failure_asks_nothing() -> None:
    solver = Solver(("3.9",), "0.22")
    assert with_wheel(ASKED, ("No space left on device",), solver) == ""
    assert solver.asked == []


def test_the_nearest_python_is_the_first_one() -> None:
    assert other_pythons("3.10") == ("3.9", "3.11", "3.8", "3.12", "3.13", "3.14")
