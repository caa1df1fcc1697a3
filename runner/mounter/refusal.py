"""The errors of a volume, with the words that a pod's event shows."""

from __future__ import annotations


class Refusal(Exception):
    """A volume that cannot be mounted."""


class Invalid(Refusal):
    """The request asks for something that no volume may ask for (INVALID_ARGUMENT)."""


class Unstated(Refusal):
    """The administrator has not stated the endpoint (FAILED_PRECONDITION)."""


class Denied(Refusal):
    """The store refuses the key (PERMISSION_DENIED)."""


class Missing(Refusal):
    """The bucket does not exist (NOT_FOUND)."""


class Unavailable(Refusal):
    """The store or the mount does not answer; it may later (UNAVAILABLE)."""
