"""Lines of pip that name files of this machine or wheels of the store."""

from __future__ import annotations

import pytest

from runner.model.environment import Wheel
from runner.model.pip_line import address, anchored, file_line, project_and_version

WHEEL = Wheel("mine-1.0-py3-none-any.whl", "a" * 64)


@pytest.mark.parametrize(
    ("line", "absolute"),
    [
        ("./dist/mine-1.0-py3-none-any.whl", "/base/dist/mine-1.0-py3-none-any.whl"),
        ("mine-1.0-py3-none-any.whl[gpu]", "/base/mine-1.0-py3-none-any.whl[gpu]"),
        ("mine[gpu] @ file:///a%20b/mine-1.0-py3-none-any.whl", "/a b/mine-1.0-py3-none-any.whl[gpu]"),
        (
            "../x/mine-1.0-py3-none-any.whl ; python_version < '3.9'",
            "/x/mine-1.0-py3-none-any.whl ; python_version < '3.9'",
        ),
        ("-e .", "-e /base"),
        (".", "/base"),
        ("./mine-1.0.tar.gz", "/base/mine-1.0.tar.gz"),
    ],
)
def test_paths_become_absolute(line: str, absolute: str) -> None:
    assert anchored(line, "/base") == absolute
    assert anchored(absolute, "/other") == absolute


@pytest.mark.parametrize(
    "line",
    [
        "pandas==1.0",
        "pandas [excel] >= 1.0 ; python_version < '3'",
        "mine @ https://host/mine-1.0-py3-none-any.whl",
        "mine @ git+https://host/x/y.git@v1",
        "-e git+https://host/x/y.git#egg=y",
        "--extra-index-url https://host/simple",
        address(WHEEL),
    ],
)
def test_other_lines_stay(line: str) -> None:
    assert anchored(line, "/base") == line


@pytest.mark.parametrize("line", [address(WHEEL), f"mine @ {address(WHEEL)}", f"{address(WHEEL)}[gpu]"])
def test_an_address_names_a_stored_wheel(line: str) -> None:
    named = file_line(line)
    assert named is not None
    assert named.is_wheel
    assert named.stored == WHEEL


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mine-1.0-py3-none-any.whl", ("mine", "1.0")),
        (
            "my_own.pkg-1.0+abc-1build-cp38-cp38-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            ("my_own.pkg", "1.0+abc"),
        ),
        ("mine.whl", None),
        ("mine-1.0.whl", None),
        ("mine-1.0-py3-none-any.zip", None),
    ],
)
def test_file_names_of_wheels_follow_pep_427(name: str, found: tuple[str, str] | None) -> None:
    assert project_and_version(name) == found
