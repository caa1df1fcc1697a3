from __future__ import annotations

from pathlib import Path

import pytest

from runner.images.installed_packages import first_unsatisfied, installed, satisfied

VERSIONS = {"numpy": "1.26.4", "torch": "2.1.0+cpu", "pre": "2.0rc1", "ruamel-yaml": "0.18"}


@pytest.mark.parametrize(
    "requirement",
    [
        "numpy", "NumPy", "ruamel.yaml", "numpy==1.26.4", "numpy == 1.26.4", "numpy==1.26.*", "numpy==1.*",
        "numpy>=1.2,<2",
        "numpy (>=1.2)", "numpy~=1.26.0", "numpy~=1.20", "numpy!=1.26.3", "numpy!=1.25.*", "numpy<=1.26.4",
        "numpy>1.26",
        "ruamel.yaml==0.18.0", "torch==2.1", "torch==2.1.0", "torch==2.1.0+cpu", "pre==2.0rc1", "numpy==1.26.4  # why",
    ],
)  # fmt: skip
def test_what_is_surely_satisfied(requirement: str) -> None:
    assert satisfied(requirement, VERSIONS)


@pytest.mark.parametrize(
    "requirement",
    [
        "pandas", "numpy==1.26.3", "numpy==1.2.*", "numpy>=2", "numpy<1.26.4", "numpy>1.26.4", "numpy~=1.25.0",
        "numpy~=2",
        "numpy!=1.26.4", "numpy!=1.26.*", "torch==2.1.0+cu121", "pre>=1", "numpy>=1.2.*",
        "numpy[extra]", "numpy; python_version < '3'", "numpy @ https://host/a.whl", "numpy===1.26.4",
        "numpy==1.26.4rc1",
        "",
    ],
)  # fmt: skip
def test_what_is_not_or_not_surely(requirement: str) -> None:
    assert not satisfied(requirement, VERSIONS)


def test_the_first_lacking_is_named_and_options_ask_for_nothing() -> None:
    assert first_unsatisfied(["--pre", "numpy", "six==1", "nix"], VERSIONS) == "six==1"
    assert first_unsatisfied(["--pre", "numpy"], VERSIONS) is None


def test_distributions_are_read_from_their_folders_and_the_first_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for name in ["a/Ruamel.Yaml-0.18.dist-info", "a/six.py", "b/ruamel_yaml-0.1.dist-info", "b/nix-1-py3.11.egg-info"]:
        (tmp_path / name).mkdir(parents=True)
    assert installed([str(first), str(tmp_path / "absent"), str(second)]) == {"ruamel-yaml": "0.18"}
