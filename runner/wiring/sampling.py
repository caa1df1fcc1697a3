"""The sampler of Bayesian searches."""

from __future__ import annotations

from ..control.sampler import Sampler


def sampler() -> Sampler:
    """Return what draws the values of Bayesian searches."""
    from ..samplers.bayesian import BayesianSampler  # few runs have such a search

    return BayesianSampler()
