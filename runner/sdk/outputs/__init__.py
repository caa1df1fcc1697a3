"""Outputs of steps, and references to them."""
