"""The Docker engine of this machine, found as the docker command finds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import EnvironmentFailed, Problem
from ..model.redaction import redacted

if TYPE_CHECKING:
    from docker import DockerClient

_PATIENCE = 600
"""Seconds for which the engine may be silent: `docker save` prepares a large image before it sends anything."""
_QUICK = 15
"""The same for a question whose answer is not indispensable."""


class DockerEngine:
    """A connection that is made at first use: the import of the docker package takes half a second."""

    @cached_property
    def client(self) -> DockerClient:
        """Return the connected client. Raises EnvironmentFailed."""
        with engine_errors("no Docker engine answers"):
            return _connect(_PATIENCE)

    @cached_property
    def quick_client(self) -> DockerClient:
        """Return a client for questions whose answer may be missing, like those to a registry through the engine."""
        with engine_errors("no Docker engine answers"):
            return _connect(_QUICK)

    @cached_property
    def architecture(self) -> str:
        """Return the processor for which the engine builds, as Docker names it: ``amd64``. Raises EnvironmentFailed."""
        with engine_errors("no Docker engine answers"):
            return str(self.client.version()["Arch"])

    def reachable(self) -> bool:
        """Return True if an engine answers now."""
        try:
            with engine_errors("no Docker engine answers"):
                return bool(self.client.ping())
        except (EnvironmentFailed, ImportError):
            return False  # the image of a detached controller has no docker package

    def no_engine_problem(self, environment: str) -> tuple[Problem, ...]:
        """Return the problem that prevents a build; empty if there is an engine."""
        if self.reachable():
            return ()
        what = f"no Docker engine answers here; it is needed to build environment {environment!r}"
        remedy = "start Docker, or give the environment a ready image (image: name:tag, with nothing to install)"
        return (Problem(what, "", remedy),)


@contextmanager
def engine_errors(what: str) -> Iterator[None]:
    """Turn the docker package's errors, and those of the packages below it, into EnvironmentFailed without logins."""
    from docker.errors import DockerException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (DockerException, HTTPError, OSError) as error:
        explanation = redacted(str(getattr(error, "explanation", None) or error))
        raise EnvironmentFailed(f"{what}: {explanation}") from error


def _connect(patience: int) -> DockerClient:
    """Connect by DOCKER_HOST, else by the current context's socket (Docker Desktop, colima), else by the usual one."""
    import docker
    from docker.context import ContextAPI

    if not os.environ.get("DOCKER_HOST"):
        host = ContextAPI.get_current_context().Host
        if host and host.startswith("unix://"):
            return docker.DockerClient(base_url=host, timeout=patience)
    return docker.from_env(timeout=patience)
