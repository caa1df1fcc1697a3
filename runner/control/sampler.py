"""The port by which a controller draws values for Bayesian searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..errors import BadInput
from ..model.search import PastTrial, Search


class Sampler(Protocol):
    """Draws the values of trials from the results of earlier ones."""

    def suggest(
        self, search: Search, number: int, history: Sequence[PastTrial], pending: Sequence[Mapping[str, object]]
    ) -> Mapping[str, object]:
        """Return the values of a trial. They follow from the arguments alone.

        Args:
            search: The search, with its seed, space and goal.
            number: The trial's number, from 0.
            history: The trials that have a result, in their order.
            pending: The values of the trials that have none yet, in their order.

        Raises:
            RunnerError: Nothing can be drawn.
        """


def no_sampler() -> Sampler:
    """Stand for a sampler where there is none. Raises BadInput."""
    raise BadInput("nothing here draws values for Bayesian searches")
