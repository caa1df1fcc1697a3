from __future__ import annotations

import pytest

from runner.environments.conda import translate


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.2", "numpy==1.2.*"),
        ("numpy=1.2.*", "numpy==1.2.*"),
        ("numpy 1.2.*", "numpy==1.2.*"),
        ("numpy==1.2", "numpy==1.2"),
        ("numpy 1.2", "numpy==1.2"),
        ("numpy=1.2=py39_0", "numpy==1.2"),
        ("numpy 1.2 py39_0", "numpy==1.2"),
        ("numpy>=1.2,<2", "numpy>=1.2,<2"),
        ("numpy >=1.2, <2", "numpy>=1.2,<2"),
        ("numpy[version='>=1.2']", "numpy>=1.2"),
        ("numpy=*", "numpy"),
        ("conda-forge::scikit-learn=0.22", "scikit-learn==0.22.*"),
        ("NumPy=1.2", "numpy==1.2.*"),
    ],
)
def test_versions_keep_their_meaning(spec: str, requirement: str) -> None:
    assert translate(spec) == requirement


@pytest.mark.parametrize(("spec", "requirement"), [("pytorch=1.9", "torch==1.9.*"), ("matplotlib-base", "matplotlib")])
def test_names_that_differ_are_renamed(spec: str, requirement: str) -> None:
    assert translate(spec) == requirement


@pytest.mark.parametrize("spec", ["pip", "pip=20.2", "python=3.8", "cudatoolkit=11.3", "mkl"])
def test_what_pip_brings_along_is_nothing_to_install(spec: str) -> None:
    assert translate(spec) == ""


@pytest.mark.parametrize(
    "spec", ["openjdk=8", "r-base", "r-dplyr", "gcc_linux-64", "numpy=1.2|1.3", "a b c d", "!", ""]
)
def test_what_has_no_plain_translation_has_none(spec: str) -> None:
    assert translate(spec) is None
