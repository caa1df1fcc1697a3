"""Draw values near the best ones so far, by optuna's Tree-structured Parzen Estimator.

https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.TPESampler.html
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..control.sampling import quantized
from ..errors import BadInput, Problem
from ..model.plan import Plan
from ..model.search import CHOICE, Expression, PastTrial, Sampling, Search

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_REMEDY = "install it: pip install 'kube-runner[bayesian]'; or choose random sampling"
_FEWEST, _MOST = 4, 10
"""The limits of the number of trials that are drawn at random before the estimator begins."""


def problems(plan: Plan) -> Iterator[Problem]:
    """Yield a problem for each Bayesian search of a plan if optuna is not installed."""
    for step in plan.searches:
        if step.search and step.search.sampling is Sampling.BAYESIAN and find_spec("optuna") is None:
            yield Problem("Bayesian sampling needs the package optuna", f"step '{step.name}'", _REMEDY)


class BayesianSampler:
    """control.sampler.Sampler by optuna. The values follow from the arguments and from the version of optuna alone."""

    def suggest(
        self, search: Search, number: int, history: Sequence[PastTrial], pending: Sequence[Mapping[str, object]]
    ) -> Mapping[str, object]:
        """Return the values of a trial.

        Args:
            search: The search, with its seed, space and goal.
            number: The trial's number, from 0.
            history: The trials that have a result. Values that the space does not have are left out.
            pending: The values of the trials that have none yet: others are drawn.

        Raises:
            BadInput: optuna is not installed.

        """
        try:
            import optuna
        except ImportError as error:
            raise BadInput("Bayesian sampling needs the package optuna", remedy=_REMEDY) from error
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        space = {name: _distribution(search.space[name]) for name in sorted(search.space)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may change in later versions
            sampler = optuna.samplers.TPESampler(
                seed=_seed(search, number),
                n_startup_trials=min(_MOST, max(_FEWEST, len(search.trials) // 4)),
                constant_liar=True,
            )
            study = optuna.create_study(direction=search.goal.value, sampler=sampler)
            for past in history:
                known = _inner(search, past.values)
                if known is not None:
                    study.add_trial(optuna.trial.create_trial(params=known, distributions=space, value=past.metric))
            running = optuna.trial.TrialState.RUNNING
            for values in pending:
                known = _inner(search, values)
                if known is not None:
                    study.add_trial(optuna.trial.create_trial(state=running, params=known, distributions=space))
            drawn = study.ask(space).params
        return {name: _outer(search.space[name], drawn[name]) for name in space}


def _seed(search: Search, number: int) -> int:
    text = json.dumps([search.seed, number, "bayesian"])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _distribution(expression: Expression) -> BaseDistribution:
    """Return the distribution of an expression: that of the option's place, or of the number before it is rounded."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if expression.kind == CHOICE:
        return CategoricalDistribution(tuple(range(len(expression.arguments))))
    least, most = _range(expression)
    return FloatDistribution(least, most)


def _inner(search: Search, values: Mapping[str, object]) -> dict[str, float] | None:
    """Return the values as optuna has them; None if the space does not have one of them."""
    found: dict[str, float] = {}
    for name, expression in search.space.items():
        inner = _inner_value(expression, values.get(name))
        if inner is None:
            return None
        found[name] = inner
    return found


def _inner_value(expression: Expression, value: object) -> float | None:
    if expression.kind == CHOICE:
        places = (n for n, option in enumerate(expression.arguments) if (type(option), option) == (type(value), value))
        return next(places, None)
    if not isinstance(value, (int, float)):
        return None
    (least, most), q = _range(expression), _step(expression)
    # A multiple of q may lie up to a half of q outside the range of the number that was rounded.
    return min(max(float(value), least), most) if least - q / 2 <= value <= most + q / 2 else None


def _outer(expression: Expression, value: float) -> object:
    if expression.kind == CHOICE:
        return expression.arguments[int(value)]
    return quantized(value, _step(expression)) if expression.kind == "quniform" else float(value)


def _range(expression: Expression) -> tuple[float, float]:
    least, most = (float(one) for one in expression.arguments[:2] if isinstance(one, (int, float)))
    return least, most


def _step(expression: Expression) -> float:
    """Return the q of an expression, a whole number if its author wrote one; 0: it has none."""
    q = expression.arguments[2] if expression.kind == "quniform" else 0
    return q if isinstance(q, (int, float)) else 0
