"""The user of this process."""

from __future__ import annotations


def user() -> str:
    """Return the name of the user; empty where there is none, as in containers."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
