"""The experiments of a workspace, as a mapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Mapping

from ...override import override
from .experiment import Experiment

if TYPE_CHECKING:
    from .workspace import Workspace


class Experiments(Mapping[str, Experiment]):
    """Experiments by name. Any valid name is one; those with runs are listed.

    Args:
        workspace: The workspace.

    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @override
    def __getitem__(self, name: str) -> Experiment:
        return Experiment(self.workspace, name)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    @override
    def __len__(self) -> int:
        return len(self._names())

    @override
    def __repr__(self) -> str:
        return repr(dict(self))

    def _names(self) -> tuple[str, ...]:
        from ..runs.lookup import experiment_names

        return tuple(experiment_names(self.workspace.session))
