"""The configurations that `ComputeTarget.create` takes."""

from __future__ import annotations

from collections.abc import Mapping

from ..base.exceptions import ComputeTargetException


class Provisioning:
    """The configuration of a compute target. v1 has a class per type; here they differ in `settings` alone.

    Args:
        kind: The type, for example ``"AmlCompute"``.
        settings: VM size, node counts and the like.

    """

    def __init__(self, kind: str, settings: Mapping[str, object]) -> None:
        self.settings: dict[str, object] = {"type": kind, **settings}
        """As it is stored; nothing secret is in it."""

    @property
    def vm_size(self) -> str:
        """The VM size."""
        return str(self.settings.get("vm_size", ""))

    @property
    def min_nodes(self) -> object:
        """The least number of nodes."""
        return self.settings.get("min_nodes")

    @property
    def max_nodes(self) -> object:
        """The greatest number of nodes: the number of steps at a time."""
        return self.settings.get("max_nodes")

    def validate_configuration(self) -> None:
        """Do nothing: ``provisioning_configuration`` raises on faults."""


def node_counts(lowest: object, highest: object) -> dict[str, object]:
    """Return ``min_nodes`` and ``max_nodes`` as numbers.

    Args:
        lowest: The least number, text of it, or None.
        highest: The greatest number, text of it, or None.

    Raises:
        ComputeTargetException: No cluster can have these numbers.

    """
    least, most = _count("min_nodes", lowest) or 0, _count("max_nodes", highest)
    if most is not None and (most < 1 or most < least):
        raise ComputeTargetException(
            f"max_nodes={most} allows no step to run" if most < 1 else f"max_nodes={most} is below min_nodes={least}",
            remedy="give a max_nodes of at least 1 and of at least min_nodes",
        )
    return {"min_nodes": least, "max_nodes": most}


def _count(name: str, value: object) -> int | None:
    if value is None or value == "":
        return None
    try:
        return int(str(value))
    except ValueError as error:
        raise ComputeTargetException(
            f"min_nodes and max_nodes must be whole numbers, and {name} is {value!r}",
            error,
            remedy="give a number, or text that is one",
        ) from error
