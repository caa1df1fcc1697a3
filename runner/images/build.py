"""From an environment to an image in the local engine."""

from __future__ import annotations

from ..model.environment import NamedEnvironment
from . import context
from .docker import DockerBuilder, Say
from .failure import refused
from .packages import read


def build(builder: DockerBuilder, environment: NamedEnvironment, say: Say) -> str:
    """The environment's image in the local engine, built unless it is there. Raises EnvironmentFailed."""
    image = context.tag(environment.spec)
    if builder.exists(image):
        return image
    packages = read(environment)
    problems = context.problems(environment, packages)
    if problems:
        raise refused(problems)
    for note in context.notes(environment, packages):
        say(note)
    say(f"building image {image} for environment {environment.name!r}")
    what = f"the image of environment {environment.name!r} could not be built"
    python_note = context.python_note(environment.spec)
    builder.build(image, context.build_context(environment.spec), say, what=what, python_note=python_note)
    return image
