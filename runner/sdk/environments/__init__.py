"""Environments: packages, images and variables of a step."""
