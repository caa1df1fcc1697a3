"""Pipelines: their steps as a graph, and the plan that is made of them."""
