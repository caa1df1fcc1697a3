"""v1's curated environments (``AzureML-…``) where the configuration maps their names to no image.

A name says what is inside. What it says becomes packages, in their newest versions; the user is told so.
"""

from __future__ import annotations

PREFIX = "AzureML-"
_COMMON = ("numpy", "pandas", "scikit-learn", "scipy", "joblib")
_CONTENTS = (
    ("tensorflow", ("tensorflow", *_COMMON)),
    ("tritonserver", ()),
    ("pytorch", ("torch", "torchvision", *_COMMON)),
    ("acpt", ("torch", "torchvision", *_COMMON)),
    ("lightgbm", ("lightgbm", *_COMMON)),
    ("xgboost", ("xgboost", *_COMMON)),
    ("sklearn", (*_COMMON, "matplotlib")),
    ("scikit-learn", (*_COMMON, "matplotlib")),
    ("tutorial", (*_COMMON, "matplotlib")),
    ("chainer", ("chainer", "numpy")),
    ("dask", ("dask[complete]", "pandas")),
    ("minimal", ()),
    ("pyspark", ("pyspark",)),
)
"""The first part of a name that fits, and what v1's environment of that kind has for scripts to import."""


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


def is_curated(name: str) -> bool:
    """Return True for the name of one of v1's own environments, in capital or small letters."""
    return name.casefold().startswith(PREFIX.casefold())


def packages_of(name: str) -> tuple[str, ...] | None:
    """The pip packages that the name stands for; None: nobody knows what is inside."""
    plain = name[len(PREFIX) :].lower() if is_curated(name) else name.lower()
    return next((packages for part, packages in _CONTENTS if part in plain), None)


def note(name: str, packages: tuple[str, ...]) -> str:
    """What the user is told."""
    inside = f"has the newest {', '.join(packages)}" if packages else "installs nothing"
    return (
        f"environment '{name}': v1's curated one is not here; in its place it {inside} "
        f"(an image instead: environments: {{{name}: {{image: ...}}}} in runner.yaml)"
    )
