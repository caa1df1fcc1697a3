"""v1's curated environments (``AzureML-…``), for names that the configuration maps to no image (pure).

A name states a framework and mostly its version, a Python, and the kind of machine. Its packages are installed in that
version, on that Python, as they were at the time of the name.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...dataclass import dataclass

PREFIX = "AzureML-"
_IN_ALL = "azureml-defaults"
"""The package that every curated environment had: pyarrow and others come with it."""
_COMMON = ("numpy", "pandas", "scikit-learn", "scipy", "joblib")
_DASK_PROJECTS = "dask[complete]"


class _Kind(NamedTuple):
    """A kind of curated environment."""

    part: str
    """The first kind counts whose part is in the name."""
    package: str
    """The package whose version the name states. Empty: none."""
    others: tuple[str, ...] = ()
    """Packages beside it."""
    series: tuple[tuple[str, str, str], ...] = ()
    """Version, date and Python: the date at which this version of the package and its companions were current."""


_SKLEARN = (
    ("0.20", "2019-12-01", "3.6"), ("0.24", "2021-07-01", "3.7"), ("1.0", "2022-06-01", "3.8"),
    ("1.1", "2022-11-01", "3.8"), ("1.2", "2023-05-01", "3.8"), ("1.5", "2024-08-01", "3.10"),
)  # fmt: skip
_TENSORFLOW = (
    ("1", "2020-03-01", "3.6"), ("2.0", "2020-03-01", "3.6"), ("2.1", "2020-05-01", "3.6"),
    ("2.2", "2020-07-01", "3.6"), ("2.3", "2020-12-01", "3.7"), ("2.4", "2021-04-01", "3.7"),
    ("2.5", "2021-08-01", "3.8"), ("2.6", "2021-10-01", "3.8"), ("2.7", "2022-02-01", "3.8"),
    ("2.8", "2022-05-01", "3.8"), ("2.11", "2023-03-01", "3.8"), ("2.12", "2023-06-01", "3.8"),
    ("2.16", "2024-06-01", "3.10"),
)  # fmt: skip
_PYTORCH = (
    ("1.0", "2019-04-01", "3.6"), ("1.1", "2019-07-01", "3.6"), ("1.2", "2019-10-01", "3.6"),
    ("1.3", "2020-01-01", "3.6"), ("1.4", "2020-04-01", "3.6"), ("1.5", "2020-07-01", "3.6"),
    ("1.6", "2020-10-01", "3.6"), ("1.7", "2021-03-01", "3.7"), ("1.8", "2021-06-01", "3.7"),
    ("1.9", "2021-10-01", "3.7"), ("1.10", "2022-03-01", "3.8"), ("1.11", "2022-06-01", "3.8"),
    ("1.12", "2022-10-01", "3.8"), ("1.13", "2023-03-01", "3.8"), ("2.0", "2023-06-01", "3.8"),
    ("2.1", "2023-12-01", "3.8"), ("2.2", "2024-04-01", "3.10"),
)  # fmt: skip
_LIGHTGBM = (
    ("3.2", "2021-09-01", "3.7"), ("3.3", "2022-09-01", "3.8"), ("4.1", "2023-12-01", "3.9"),
)  # fmt: skip
_KINDS = (
    _Kind("tensorflow", "tensorflow", _COMMON, _TENSORFLOW),
    _Kind("tritonserver", ""),
    _Kind("pytorch", "torch", ("torchvision", *_COMMON), _PYTORCH),
    _Kind("acpt", "torch", ("torchvision", *_COMMON), _PYTORCH),
    _Kind("lightgbm", "lightgbm", _COMMON, _LIGHTGBM),
    _Kind("xgboost", "xgboost", _COMMON, (("0.90", "2020-03-01", "3.6"), ("1.0", "2020-07-01", "3.6"))),
    _Kind("sklearn", "scikit-learn", (*_COMMON, "matplotlib"), _SKLEARN),
    _Kind("scikit-learn", "scikit-learn", (*_COMMON, "matplotlib"), _SKLEARN),
    _Kind("tutorial", "", (*_COMMON, "matplotlib")),
    _Kind("chainer", "chainer", ("numpy",), (("5.1", "2019-07-01", "3.6"),)),
    _Kind("dask", "", (_DASK_PROJECTS, "pandas")),
    _Kind("minimal", "", ("azureml-defaults",)),
    _Kind("pyspark", "", ("pyspark",)),
)
"""The kinds of names, with what v1's environment of that kind has for scripts to import."""
_VERSION = re.compile(r"(\d+(?:\.\d+)+)")
_PYTHON = re.compile(r"(?<![a-z])py(\d)\.?(\d+)")
NAMES = tuple(
    f"{PREFIX}{rest}"
    for rest in (
        "Minimal", "Tutorial", "Scikit-learn-0.20.3", "sklearn-0.24-ubuntu18.04-py37-cpu",
        "sklearn-1.0-ubuntu20.04-py38-cpu", "sklearn-1.5", "PyTorch-1.6-CPU", "PyTorch-1.6-GPU",
        "pytorch-1.10-ubuntu18.04-py38-cuda11-gpu", "TensorFlow-2.2-CPU", "TensorFlow-2.2-GPU",
        "tensorflow-2.7-ubuntu20.04-py38-cuda11-gpu", "lightgbm-3.3", "XGBoost-0.90", "Dask-CPU", "Dask-GPU",
        "Chainer-5.1.0-CPU", "PySpark-MmlSpark-0.15", "ACPT-pytorch-1.13-py38-cuda11.7-gpu",
    )
)  # fmt: skip
"""Curated environments that v1's listing shows; there have been many more, under names of the same kinds."""


@dataclass(frozen=True)
class Curated:
    """The replacement of a curated environment."""

    packages: tuple[str, ...] = ()
    """Requirements."""
    python: str = ""
    """The Python of the name. Empty: the name tells none."""
    date: str = ""
    """ISO date of the name's version. Empty: the name tells none."""


def is_curated(name: str) -> bool:
    """Return True for the name of one of v1's own environments, in capital or small letters.

    Args:
        name: The name.

    """
    return name.casefold().startswith(PREFIX.casefold())


def curated(name: str) -> Curated | None:
    """Return the replacement of a curated name; None: its packages are not known.

    Args:
        name: The name, in capital or small letters.

    """
    plain = name[len(PREFIX) :].lower() if is_curated(name) else name.lower()
    kind = next((each for each in _KINDS if each.part in plain), None)
    if kind is None:
        return None
    stated = _VERSION.search(plain, plain.index(kind.part) + len(kind.part)) if kind.package else None
    version = stated[1] if stated and not plain[: stated.start()].endswith("ubuntu") else ""
    python = _PYTHON.search(plain)
    date, usual = _of_its_time(kind, version)
    others = tuple(each for each in kind.others if each != kind.package)
    if kind.package or others:
        others = tuple(dict.fromkeys((*others, _IN_ALL)))
    own = () if not kind.package else (f"{kind.package}=={version}.*" if version else kind.package,)
    return Curated((*own, *others), f"{python[1]}.{python[2]}" if python else usual, date)


def note(name: str, found: Curated) -> str:
    """Return the line for the user.

    Args:
        name: The environment's name.
        found: What stands in for it.

    """
    at = f" of {found.date}" if found.date else ""
    inside = f"has {', '.join(found.packages)}{at}" if found.packages else "installs nothing"
    return (
        f"environment '{name}': v1's curated one is not here; in its place it {inside} "
        f"(an image instead: environments: {{{name}: {{image: ...}}}} in runner.yaml)"
    )


def _of_its_time(kind: _Kind, version: str) -> tuple[str, str]:
    """Return date and Python of a version: those of the series that it belongs to."""
    return next(
        ((date, python) for series, date, python in kind.series if f"{version}.".startswith(f"{series}.")), ("", "")
    )
