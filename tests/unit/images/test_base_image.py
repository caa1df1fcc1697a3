from __future__ import annotations

import pytest

from runner.images.base_image import BaseImage, with_report

NAMED = BaseImage(name="team/base:1", digest="sha256:1", published=True)


def test_a_report_tells_python_and_platform() -> None:
    seen = with_report(NAMED, "Some image greets first\n3.11.2 x86_64 2.36 /usr/local/bin/python3.11\n")
    assert (seen.python, seen.minor, seen.interpreter) == ("3.11.2", "3.11", "/usr/local/bin/python3.11")
    assert seen.platform == "x86_64-manylinux_2_28"
    assert seen.problem("e") is None


@pytest.mark.parametrize(
    ("libc", "platform"),
    [
        ("2.36", "x86_64-manylinux_2_28"),
        ("2.28", "x86_64-manylinux_2_28"),
        ("2.27", "x86_64-manylinux2014"),
        ("none", "x86_64-unknown-linux-musl"),
    ],
)
def test_the_c_library_decides_which_wheels_fit(libc: str, platform: str) -> None:
    assert with_report(NAMED, f"3.11.2 x86_64 {libc} /usr/bin/python3").platform == platform


@pytest.mark.parametrize("report", ["none\n", "", "sh: not a python\n"])
def test_an_image_without_python_is_refused_by_name(report: str) -> None:
    problem = with_report(NAMED, report).problem("mine")
    assert problem is not None
    assert problem.what.startswith("image team/base:1 has no Python: a step needs ")
    assert problem.where == "environment 'mine'"
    assert "or newer" in problem.remedy


@pytest.mark.parametrize("version", ["2.7.18", "3.5.2", "3.6.9", "3.7.17"])
def test_an_image_with_an_old_python_is_refused_with_its_version(version: str) -> None:
    problem = with_report(BaseImage(), f"{version} x86_64 2.31 /usr/bin/python3").problem("mine")
    assert problem is not None
    assert problem.what.startswith(f"the image of its Dockerfile has Python {version}, and a step needs ")


def test_a_published_image_is_built_on_by_digest_and_another_by_name() -> None:
    assert NAMED.reference == "team/base:1@sha256:1"
    assert BaseImage(name="team/base:1", digest="sha256:1").reference == "team/base:1"
