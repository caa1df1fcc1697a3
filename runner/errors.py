"""Every error that runner raises, in one tree.

::

    RunnerError
    ├── BadInput              the user's: one or more problems, each with its remedy (exit 2)
    ├── StoreError            the object store's
    │   ├── ObjectMissing         no such key
    │   ├── ObjectDamaged         its content is not what its name says
    │   ├── ObjectChanged         it was overwritten since its ETag was read
    │   ├── DataChanged           committed data were changed in the store
    │   ├── StoreDenied           wrong or insufficient credentials
    │   └── StoreUnreachable      network or server trouble; may pass by itself
    ├── TargetError           the compute target's
    │   ├── TargetDenied          a permission is missing
    │   └── TargetUnreachable     may pass by itself
    ├── EnvironmentFailed     an image or a virtual environment could not be made
    ├── RunTaken              another controller drives this run now
    └── IllegalTransition     a state machine was asked for a step it does not have

Foreign exceptions never escape an adapter: they are chained to one of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .override import override


def remedy_line(remedy: str) -> str:
    """Return the line of a remedy below what it repairs."""
    return f"  do:    {remedy}"


class Problem(NamedTuple):
    """One thing that is wrong, where, and what to do about it."""

    what: str
    where: str = ""
    remedy: str = ""

    @override
    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.remedy:
            lines.append(remedy_line(self.remedy))
        return "\n".join(lines)


class RunnerError(Exception):
    """The root of the tree above."""


class BadInput(RunnerError):
    """The user's input cannot be run; nothing was started."""

    def __init__(self, problems: Iterable[Problem] | str, where: str = "", remedy: str = "") -> None:
        if isinstance(problems, str):
            problems = [Problem(problems, where, remedy)]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ExportFailed(RunnerError):
    """Another tool did not take a run."""

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what, self.remedy = what, remedy
        super().__init__(f"{what}\n{remedy_line(remedy)}" if remedy else what)


class StoreError(RunnerError):
    """The object store did not do what was asked."""


class ObjectMissing(StoreError):
    """There is no object of that key."""


class ObjectDamaged(StoreError):
    """The object's content is not the one that its name, a digest, stands for: reading it again does not help."""


class ObjectChanged(StoreError):
    """The object was overwritten since its ETag was read; a transfer has to start again from its first byte."""


class DataChanged(StoreError):
    """Data of a store are not those that were committed; no other attempt finds them otherwise."""


class StoreDenied(StoreError):
    """The store refused the credentials."""


class StoreUntrusted(StoreError):
    """The store's certificate is not trusted; asking again does not help, settings have to be changed."""


class StoreUnreachable(StoreError):
    """The store could not be reached, or answered with a server error; asking again may help."""


class TargetError(RunnerError):
    """The compute target did not do what was asked."""


class TargetDenied(TargetError):
    """The compute target refused: a permission is missing."""


class TargetUnreachable(TargetError):
    """The compute target could not be reached; asking again may help."""


class EnvironmentFailed(RunnerError):
    """An image or a virtual environment could not be made."""


class RunTaken(RunnerError):
    """Another controller wrote the next journal entry: this one must stop."""


class IllegalTransition(RunnerError):
    """A state machine was asked for a transition its table does not have; nothing was changed."""
