"""Adapters of control.sampler.Sampler: values for Bayesian searches, by optuna (the extra ``bayesian``)."""
