"""Datasets: tabular and file, and how a step consumes them."""
