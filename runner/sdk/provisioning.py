"""What `ComputeTarget.create` is told."""

from __future__ import annotations

from collections.abc import Mapping

from .exceptions import ComputeTargetException


class Provisioning:
    """The wishes of one compute target. v1 has a class per type; here they differ in `settings` alone."""

    def __init__(self, kind: str, settings: Mapping[str, object]) -> None:
        self.settings: dict[str, object] = {"type": kind, **settings}
        """As it is stored; nothing secret is in it."""

    @property
    def vm_size(self) -> str:
        """The size asked for."""
        return str(self.settings.get("vm_size", ""))

    @property
    def min_nodes(self) -> object:
        """The fewest nodes."""
        return self.settings.get("min_nodes")

    @property
    def max_nodes(self) -> object:
        """The most nodes: the most steps at a time."""
        return self.settings.get("max_nodes")

    def validate_configuration(self) -> None:
        """Nothing left to check: faults are raised by ``provisioning_configuration``."""


def node_counts(lowest: object, highest: object) -> dict[str, object]:
    """``min_nodes`` and ``max_nodes`` as numbers; both may be text, as from the environment.

    Raises ComputeTargetException.
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
