"""Plans with a search, for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runner.model.plan import Plan
from runner.model.search import Expression, Goal, Sampling, Search
from runner.model.step import SampledArguments, StepSpec
from tests.support import builders as b

SPACE = {"--lr": Expression("uniform", (0.0, 1.0)), "--layers": Expression("choice", (1, 2, 3))}
GRID = {"--a": Expression("choice", ("x", "y")), "--b": Expression("choice", (1, 2, 3))}
TUNE = "tune"


def trial_keys(many: int) -> tuple[str, ...]:
    return tuple(f"t{number}" for number in range(many))


def search(many: int, **changes: Any) -> Search:
    """A random search over `SPACE` with the trials t0, t1, …, two at a time."""
    made = Search(
        sampling=Sampling.RANDOM,
        space=SPACE,
        metric="accuracy",
        goal=Goal.MAXIMIZE,
        trials=trial_keys(many),
        concurrent=2,
        minutes=60.0,
        seed=7,
    )
    return replace(made, **changes)


def trial(key: str, *needs: str, **changes: Any) -> StepSpec:
    made = b.step(key, *needs, trial_of=TUNE, **changes)
    return replace(made, command=(*made.command, SampledArguments()))


def searching(what: Search, *needs: str) -> tuple[StepSpec, ...]:
    """The steps of a search: its trials, each of which reads the outputs of `needs`, and the search itself."""
    return (*(trial(key, *needs) for key in what.trials), b.step(TUNE, search=what))


def search_plan(many: int, **changes: Any) -> Plan:
    """A plan of one search and nothing else."""
    return b.plan(*searching(search(many, **changes)))
