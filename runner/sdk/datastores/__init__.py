"""Datastores, and paths in them."""
