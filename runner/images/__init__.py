"""Adapters of `ports.EnvironmentStore`: images and virtual environments."""
