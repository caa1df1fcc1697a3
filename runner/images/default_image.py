"""v1's default environment where its image cannot be made: the bare base image, and a note that says so."""

from __future__ import annotations

from ..model.environment import NamedEnvironment
from ..ports import Prepared
from .build_context import default_base


def bare(environment: NamedEnvironment) -> Prepared | None:
    """Return the bare base image for the default environment; None for any other: it has to be made as it is."""
    return Prepared(default_base(environment.spec)) if environment.spec.default else None


def bare_note(environment: NamedEnvironment, why: str, remedy: str) -> str:
    """Return the warning that steps get the bare base image.

    Args:
        environment: The default environment.
        why: The reason why its image cannot be made.
        remedy: What makes it possible.

    """
    return (
        f"WARNING: environment {environment.name!r} has no numpy, pandas or pyarrow on this target: {why}. "
        f"Its steps run in the bare image {default_base(environment.spec)}. To have the packages: {remedy}"
    )
