"""v1's ways to draw hyperparameters: random, grid, Bayesian."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.search import ARITY, Expression, Sampling, grid_size
from ...override import override
from ..base.exceptions import HyperDriveConfigException
from .expressions import expression_of

_POINTS = 100_000
"""The most values of a ``quniform`` in v1's Bayesian sampling."""


class HyperParameterSampling:
    """A way to draw points from a space of hyperparameters.

    Args:
        sampling_method_name: v1's name of the way.
        parameter_space: The expression of each hyperparameter. The names are those of the script's options, such as
            ``"--learning-rate"``, and reach the command line as they are.
        properties: More settings; only ``{"seed": number}`` counts. None: none.
        supported_distributions: The names of the expressions that may be used. None: all.
        seed: The seed of the values; see `seed`. None: that of `properties`, else one that follows from the search.

    Raises:
        HyperDriveConfigException: The space is empty, or has something else than expressions.

    """

    method = Sampling.RANDOM
    """The way, in a plan."""

    def __init__(
        self,
        sampling_method_name: str,
        parameter_space: Mapping[str, object],
        properties: Mapping[str, object] | None = None,
        supported_distributions: set[str] | None = None,
        seed: int | None = None,
    ) -> None:
        what = type(self).__name__
        if not _is_space(parameter_space):
            raise HyperDriveConfigException(
                f"{what}: parameter_space must be a dict with at least one hyperparameter, not {parameter_space!r}",
                remedy='pass {"--learning-rate": uniform(0.001, 0.1)}',
            )
        self.name = sampling_method_name
        self.parameter_space = dict(parameter_space)
        self.properties = dict(properties or {})
        self.seed = _seed(what, self.properties.get("seed") if seed is None else seed)
        """The seed of the values. None: one that follows from the search, so that the same search draws the same."""
        self.expressions = {str(name): expression_of(str(name), each) for name, each in parameter_space.items()}
        for name, each in self.expressions.items():
            if supported_distributions is not None and each.kind not in supported_distributions:
                allowed = [kind for kind in ("choice", *ARITY) if kind in supported_distributions]
                raise HyperDriveConfigException(
                    f"{what}: {name!r} is a {each.kind}, which this sampling does not take",
                    remedy=f"use {', '.join(allowed)}, or RandomParameterSampling",
                )

    @property
    def size(self) -> int | None:
        """The number of different points. None: there is no limit."""
        return None

    def to_json(self) -> dict[str, object]:
        """Return v1's document of the sampling."""
        document: dict[str, object] = {"name": self.name, "parameter_space": self.parameter_space}
        return {**document, "properties": self.properties} if self.properties else document

    @override
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    @override
    def __hash__(self) -> int:
        return hash((type(self), tuple(self.parameter_space)))

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.parameter_space!r})"


class RandomParameterSampling(HyperParameterSampling):
    """Sampling that draws each point by itself.

    Example:
        >>> sampling = RandomParameterSampling({"--rate": loguniform(-6, -1), "--batch": choice(16, 32)}, seed=7)

    Args:
        parameter_space: The expression of each hyperparameter.
        properties: ``{"seed": number}``, or None.
        seed: The seed of the values (v1 has no such argument). None: one that follows from the search.

    Raises:
        HyperDriveConfigException: The space is empty, or has something else than expressions.

    """

    def __init__(
        self,
        parameter_space: Mapping[str, object],
        properties: Mapping[str, object] | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__("RANDOM", parameter_space, properties, seed=seed)


class GridParameterSampling(HyperParameterSampling):
    """Sampling that takes every combination of choices, in their order; the last hyperparameter changes first.

    Args:
        parameter_space: A `choice` of each hyperparameter.
        properties: Accepted as in v1; not used.

    Raises:
        HyperDriveConfigException: The space is empty, or has another expression than `choice`.

    """

    method = Sampling.GRID

    def __init__(self, parameter_space: Mapping[str, object], properties: Mapping[str, object] | None = None) -> None:
        super().__init__("GRID", parameter_space, properties, {"choice"})

    @property
    @override
    def size(self) -> int:
        """The number of combinations."""
        return grid_size(self.expressions)


class BayesianParameterSampling(HyperParameterSampling):
    """Sampling that draws points near the best ones so far. The controller needs optuna: runner's extra ``bayesian``.

    A search with it has no early termination policy, as in v1. Fewer trials at a time find more.

    Args:
        parameter_space: A `choice`, `uniform` or `quniform` of each hyperparameter.
        properties: ``{"seed": number}``, or None.
        seed: The seed of the values (v1 has no such argument). None: one that follows from the search.

    Raises:
        HyperDriveConfigException: The space is empty, has another expression, or choices of unfit types.

    """

    method = Sampling.BAYESIAN

    def __init__(
        self,
        parameter_space: Mapping[str, object],
        properties: Mapping[str, object] | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(
            "BayesianOptimization", parameter_space, properties, {"choice", "quniform", "uniform"}, seed=seed
        )
        for name, each in self.expressions.items():
            if why := _unfit(each):
                raise HyperDriveConfigException(f"BayesianParameterSampling: {name!r}: {why}")


def _is_space(given: object) -> bool:
    return isinstance(given, Mapping) and len(given) > 0


def _seed(what: str, given: object) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise HyperDriveConfigException(f"{what}: seed must be a whole number from 0, not {given!r}")
    return given


def _unfit(expression: Expression) -> str:
    """Return why v1's Bayesian sampling does not take an expression; empty: it does."""
    values = expression.arguments
    if expression.kind == "choice":
        if any(type(value) not in (int, float, str) for value in values):
            return "the values of choice must be numbers or text"
        if len({type(value) is str for value in values}) > 1:
            return "the values of choice must be all text or all numbers"
    if expression.kind == "quniform":
        if any(type(value) is not int for value in values):
            return "the arguments of quniform must be whole numbers"
        least, greatest, distance = (int(str(value)) for value in values)
        if (greatest - least) / distance > _POINTS:
            return f"quniform has more than {_POINTS} values: use a larger q, or uniform"
    return ""
