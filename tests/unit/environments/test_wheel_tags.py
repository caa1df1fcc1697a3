"""Tags of wheels against the Python and the platform of an environment."""

from __future__ import annotations

import pytest

from runner.environments.wheel_tags import misfits
from runner.model.environment import Wheel

LINUX = "x86_64-manylinux_2_28"
MUSL = "x86_64-unknown-linux-musl"


@pytest.mark.parametrize(
    ("tag", "python", "platform"),
    [
        ("py3-none-any", (3, 8), LINUX),
        ("py2.py3-none-any", (3, 12), "aarch64-apple-darwin"),
        ("py38-none-any", (3, 9), LINUX),
        ("cp38-cp38-manylinux_2_17_x86_64.manylinux2014_x86_64", (3, 8), LINUX),
        ("cp37-abi3-manylinux1_x86_64", (3, 11), LINUX),
        ("cp311-cp311-linux_aarch64", (3, 11), "aarch64-manylinux_2_28"),
        ("cp311-cp311-macosx_11_0_arm64", (3, 11), "aarch64-apple-darwin"),
        ("cp311-cp311-macosx_10_9_universal2", (3, 11), "x86_64-apple-darwin"),
        ("cp311-cp311-macosx_10_9_x86_64", (3, 11), "macos"),
        ("cp38-cp38-linux_x86_64", None, ""),
        ("cp311-cp311-musllinux_1_2_x86_64", (3, 11), MUSL),
    ],
)
def test_it_fits(tag: str, python: tuple[int, int] | None, platform: str) -> None:
    assert list(misfits([Wheel(f"mine-1.0-{tag}.whl", "0")], python, platform, "here")) == []


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("py2-none-any", "is not for Python 3.9"),
        ("py310-none-any", "is not for Python 3.9"),
        ("cp38-cp38-manylinux1_x86_64", "is not for Python 3.9"),
        ("cp310-abi3-manylinux1_x86_64", "is not for Python 3.9"),
        ("cp39-cp39-win_amd64", "is not for this platform"),
        ("cp39-cp39-macosx_11_0_arm64", "is not for this platform"),
        ("cp39-cp39-manylinux2014_aarch64", "is not for this platform"),
        ("py3-none-musllinux_1_1_x86_64", "is not for this platform"),
    ],
)
def test_it_does_not_fit(tag: str, message: str) -> None:
    (problem,) = misfits([Wheel(f"mine-1.0-{tag}.whl", "0")], (3, 9), LINUX, "environment 'e'")
    assert message in problem.what
    assert problem.where == "environment 'e'"
    assert problem.remedy


@pytest.mark.parametrize("platform", ["macos", MUSL])
def test_a_wheel_of_the_gnu_c_library_fits_neither_a_mac_nor_musl(platform: str) -> None:
    wheel = Wheel("mine-1.0-py3-none-manylinux1_x86_64.whl", "0")
    assert len(list(misfits([wheel], (3, 9), platform, ""))) == 1
