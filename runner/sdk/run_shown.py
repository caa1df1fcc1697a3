"""How a run shows itself: in v1's words where a script prints it, in a line everywhere else."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import RunnerError
from ..override import override

if TYPE_CHECKING:
    from .experiment import Experiment


class Shown:
    """The part of Run that `print` and notebooks ask."""

    @property
    def id(self) -> str:
        """The run's id."""
        raise NotImplementedError

    @property
    def type(self) -> str:
        """v1's word for the kind of run."""
        raise NotImplementedError

    @property
    def is_submitted(self) -> bool:
        """Whether it belongs to a workspace."""
        raise NotImplementedError

    @property
    def experiment(self) -> Experiment:
        """The experiment it belongs to."""
        raise NotImplementedError

    def get_status(self) -> str:
        """v1's status word."""
        raise NotImplementedError

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    @override
    def __str__(self) -> str:
        return "Run({})".format(",\n".join(f"{name}: {value}" for name, value in self._shown().items()))

    def _repr_html_(self) -> str:  # what a notebook shows of it
        from html import escape

        rows = (f"<tr><td>{name}</td><td>{escape(value)}</td></tr>" for name, value in self._shown().items())
        return f"<table>{''.join(rows)}</table>"

    def _shown(self) -> dict[str, str]:
        """Without a status when its store cannot be asked: showing a run raises nothing."""
        shown = {"Experiment": self.experiment.name} if self.is_submitted else {}
        shown |= {"Id": self.id, "Type": self.type}
        with suppress(RunnerError):
            shown["Status"] = self.get_status()
        return shown
