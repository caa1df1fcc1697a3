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


def is_curated(name: str) -> bool:
    """Whether it is the name of one of v1's own environments."""
    return name.startswith(PREFIX)


def packages_of(name: str) -> tuple[str, ...] | None:
    """The pip packages that the name stands for; None: nobody knows what is inside."""
    plain = name.removeprefix(PREFIX).lower()
    return next((packages for part, packages in _CONTENTS if part in plain), None)


def note(name: str, packages: tuple[str, ...]) -> str:
    """What the user is told."""
    inside = f"has the newest {', '.join(packages)}" if packages else "installs nothing"
    return (
        f"environment '{name}': v1's curated one is not here; in its place it {inside} "
        f"(an image instead: environments: {{{name}: {{image: ...}}}} in runner.yaml)"
    )
