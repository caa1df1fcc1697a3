"""Environments made usable on a target: images in Docker, kind or a registry, and virtual environments."""
