"""The programs of steps that do not start with Python: whether they are there, before anything runs."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ..errors import Problem
from ..model.environment import NamedEnvironment
from ..model.step import StepSpec
from ..ports import EnvironmentStore

R = "Rscript"
_R_PACKAGE = "r-base"


@runtime_checkable
class KnowsPrograms(EnvironmentStore, Protocol):
    """A store of environments that knows the programs of the steps' machine."""

    def has_program(self, environment: NamedEnvironment, name: str) -> bool:
        """Return True if a step in the environment can start the program.

        Args:
            environment: The environment.
            name: The program's name, without a folder.

        """


def starts_program(step: StepSpec) -> bool:
    """Return True if the step starts a program by its plain name, which the PATH has or lacks.

    Args:
        step: The step.

    """
    return bool(step.command) and isinstance(step.command[0], str) and "/" not in step.command[0]


def program_problem(store: EnvironmentStore, environment: NamedEnvironment, step: StepSpec) -> Problem | None:
    """Return the problem of a step whose program cannot be there; None if it may be.

    Args:
        store: The environments of the step's target.
        environment: The step's environment.
        step: The step; `starts_program` is true for it.

    """
    name = str(step.command[0])
    where = f"step '{step.name}'"
    if isinstance(store, KnowsPrograms):
        if store.has_program(environment, name):
            return None
        remedy = f"install {name} on this machine, or run the step on a cluster with an image that has it"
        return Problem(f"there is no program '{name}' on the PATH of this machine", where, remedy)
    spec = environment.spec
    if name != R or spec.image or spec.dockerfile or any(line.startswith(_R_PACKAGE) for line in spec.conda):
        return None
    remedy = "name an image that has R and Python: environment.docker.base_image"
    return Problem("the default image of environments has no R, which its script needs", where, remedy)
