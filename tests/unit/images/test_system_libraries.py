"""Libraries that wheels load from the system are installed where the default base image lacks them."""

from __future__ import annotations

import pytest

from runner.images.base_image import BaseImage
from runner.images.build_context import Recipe, dockerfile
from runner.images.system_libraries import system_libraries
from tests.support.image_stores import a_lock

SLIM = BaseImage(name="python:3.8-slim", python="3.8.18", interpreter="/usr/local/bin/python3")
OWN = BaseImage(name="team/base:7", python="3.8.18", interpreter="/usr/bin/python3")


@pytest.mark.parametrize(
    ("pins", "expected"),
    [
        (("lightgbm==3.3.3", "numpy==1.20.0"), ("libgomp1",)),
        (("xgboost==0.90",), ("libgomp1",)),
        (("xgboost==1.0.2",), ("libgomp1",)),
        (("xgboost==1.3.3",), ()),
        (("xgboost==2.0.0",), ()),
        (("numpy==1.20.0",), ()),
    ],
)
def test_packages_whose_wheels_lack_openmp_get_it_from_debian(pins: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert system_libraries(SLIM, a_lock(*pins)) == expected
    assert system_libraries(OWN, a_lock(*pins)) == (), "the author's base image stays as it is"


@pytest.mark.parametrize("buildkit", [False, True])
def test_the_library_is_installed_before_the_packages(buildkit: bool) -> None:
    lines = dockerfile(Recipe(SLIM, a_lock("lightgbm==3.3.3")), buildkit=buildkit).splitlines()
    installs = next(number for number, line in enumerate(lines) if "apt-get install" in line and "libgomp1" in line)
    assert lines.index("USER root") < installs < next(n for n, line in enumerate(lines) if "lock_installer" in line)


def test_an_image_without_a_lock_needs_no_library() -> None:
    assert system_libraries(SLIM, None) == ()
