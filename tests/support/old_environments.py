"""Environments as v1's users pinned them, each with a driver in ``v1_environments/``, and what its step finds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

FOLDER = Path(__file__).parent / "v1_environments"
_MARK = "METRICS "


@dataclass(frozen=True)
class OldEnvironment:
    """What the step of an environment logs."""

    python: str
    """The Python that it runs on: the one asked for, at least 3.8."""

    versions: Mapping[str, str]
    """Module → its version, or a pattern where the author stated a range or nothing."""

    uses: tuple[str, ...] = ("sklearn",)
    """The modules that fit a model."""


ENVIRONMENTS = {
    "churn": OldEnvironment(
        "3.8.", {"sklearn": "0.22.1", "pandas": "0.25.3", "joblib": "0.14.1", "matplotlib": "3.1.3", "numpy": "1.19.*"}
    ),
    "fraud": OldEnvironment(
        "3.8.",
        {"sklearn": "0.23.2", "pandas": "1.0.5", "numpy": "1.18.5", "xgboost": "0.90", "imblearn": "0.7.0"},
        ("sklearn", "xgboost"),
    ),
    "taxi": OldEnvironment(
        "3.8.",
        {
            "sklearn": "0.22",
            "pandas": "0.25.3",
            "numpy": "1.18.*",
            "lightgbm": "2.3.0",
            "requests": "2.*",
            "yaml": "6.*",
        },
        ("sklearn", "lightgbm"),
    ),
    "text": OldEnvironment(
        "3.8.", {"sklearn": "0.24.2", "pandas": "1.2.4", "flask": "1.0.3", "gensim": "3.8.3", "nltk": "3.6.2"}
    ),
    "vision": OldEnvironment(
        "3.8.",
        {
            "tensorflow": "2.6.0",
            "pandas": "1.1.5",
            "PIL": "8.3.2",
            "matplotlib": "3.4.3",
            "numpy": "1.19.*",
            "h5py": "3.1.*",
        },
        ("tensorflow",),
    ),
    "credit": OldEnvironment(
        "3.8.",
        {
            "sklearn": "1.0.2",
            "pandas": "1.3.5",
            "numpy": "1.21.2",
            "scipy": "1.7.1",
            "xgboost": "1.5.2",
            "mlflow": "1.2*",
            "tqdm": "4.59.*",
        },
        ("sklearn", "xgboost"),
    ),
    "energy": OldEnvironment(
        "3.9.",
        {"sklearn": "1.1.3", "pandas": "1.5.2", "lightgbm": "3.3.3", "xgboost": "1.6.2", "statsmodels": "0.13.5"},
        ("sklearn", "lightgbm", "xgboost"),
    ),
    "late": OldEnvironment("3.10.", {"sklearn": "1.2.2", "pandas": "1.5.3", "numpy": "1.23.5", "pyarrow": "*.*"}),
    "course": OldEnvironment("3.8.", {"sklearn": "1.0.*", "pandas": "1.3.*", "numpy": "1.2*", "pyarrow": "3.*"}),
    "curated": OldEnvironment("3.8.", {"sklearn": "0.24.*", "pandas": "1.*"}),
}


def copy_project(name: str, folder: Path) -> None:
    """Write the project of an environment into a new folder: its driver, its files, and the step's script."""
    shutil.copytree(FOLDER / name, folder, ignore=shutil.ignore_patterns("__pycache__", ".runner"))
    (folder / "steps").mkdir()
    shutil.copy(FOLDER / "report.py", folder / "steps")


def check(name: str, output: str) -> None:
    """Fail unless the driver printed the metrics that the environment's step is to log."""
    lines = [line for line in output.splitlines() if line.startswith(_MARK)]
    assert lines, output
    found, wanted = json.loads(lines[-1].removeprefix(_MARK)), ENVIRONMENTS[name]
    assert found["python"].startswith(wanted.python), found
    for module, version in wanted.versions.items():
        assert fnmatchcase(str(found.get(module)), version), (module, version, found)
    assert all(found[f"use of {module}"] > 0 for module in wanted.uses), found
    assert found["accuracy"] == 0.5, found
