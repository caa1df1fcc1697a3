"""Run configurations: how a script is run."""
