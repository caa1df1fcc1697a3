"""Pins without a wheel for the Python that replaces the one asked for: the nearest later release is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

import pytest

from runner.environments.raised_python import replaced_pins
from runner.environments.resolver_failure import Asked
from runner.environments.uv_program import Outcome

WHEELS: Mapping[str, Mapping[str, set[str]]] = {
    "scikit-learn": {"0.20.3": {"3.6", "3.7"}, "0.21.3": {"3.6", "3.7"}, "0.22": {"3.6", "3.8"}, "0.23": {"3.8"}},
    "pandas": {"0.25.1": {"3.6", "3.8"}},
    "termcolor": {"1.1.0": set(), "2.0": {"3.8"}},
    "vanished": {"1.0": {"3.6"}},
}
"""Package → version → Pythons that it has a wheel for."""


def solve(asked: Asked, *extra: str) -> Outcome:
    """Choose among `WHEELS`, as uv does."""
    chosen = []
    for line in asked.lines:
        if line.startswith("-"):
            continue
        match = re.match(r"([\w.-]+)(\[.*\])?\s*(==|~=|>=)\s*([\w.]+?)(\.\*)?(\s*;.*)?$", line)
        assert match, line
        assert ("--only-binary", match[1]) in pairwise(extra), "only wheels count"
        fits = [
            version
            for version, pythons in WHEELS[match[1]].items()
            if asked.python in pythons and (version == match[4] if match[3] != ">=" else version >= match[4])
        ]
        if not fits:
            return Outcome(1, "", (f"error: {line} has no usable wheels",))
        chosen.append(f"{match[1]}{match[2] or ''}=={fits[0 if 'lowest' in extra else -1]} \\\n    --hash=sha256:aa\n")
    return Outcome(0, "".join(chosen), ())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("scikit-learn==0.20.3", "pandas==0.25.1"), {"scikit-learn==0.20.3": "scikit-learn==0.22"}),
        (
            ("scikit-learn[tests] == 0.20.3 ; sys_platform == 'linux'",),
            {
                "scikit-learn[tests] == 0.20.3 ; sys_platform == 'linux'": (
                    "scikit-learn[tests]==0.22; sys_platform == 'linux'"
                )
            },
        ),
        (("pandas==0.25.1", "--index-url https://mirror/simple"), {}),
        (("scikit-learn==0.20.3.*",), {"scikit-learn==0.20.3.*": "scikit-learn==0.22"}),
        (("scikit-learn~=0.20.3",), {"scikit-learn~=0.20.3": "scikit-learn==0.22"}),
        (("scikit-learn>=0.20.3",), {}),
        (("termcolor==1.1.0", "pandas==0.25.1"), {}),
        (("vanished==1.0",), {}),
    ],
    ids=["lost", "extras and marker", "kept", "pattern", "compatible", "range", "never a wheel", "no later one"],
)
def test_only_pins_that_lost_their_wheel_move(lines: tuple[str, ...], expected: dict[str, str]) -> None:
    assert replaced_pins(Asked(lines=lines, python="3.8", platform="x86_64-manylinux_2_28"), "3.6", solve) == expected
