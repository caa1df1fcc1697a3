"""Runs, seen from inside a step and from outside."""
