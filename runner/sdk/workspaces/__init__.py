"""The workspace and its experiments."""
