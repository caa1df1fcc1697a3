"""Compute targets as pipeline files name them."""
