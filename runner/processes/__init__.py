"""Processes of this machine: list them, adopt orphans, end leftovers."""
