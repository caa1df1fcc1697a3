"""The Docker engine of this machine, found as the docker command finds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import EnvironmentFailed, Problem

if TYPE_CHECKING:
    from docker import DockerClient

_PATIENCE = 600
"""Seconds that the engine may be silent: `docker save` of a large image prepares it all first."""


class DockerEngine:
    """A connection made on first use; the docker package takes half a second to import."""

    @cached_property
    def client(self) -> DockerClient:
        """The connected client. Raises EnvironmentFailed."""
        with engine_errors("no Docker engine answers"):
            return _connect()

    def reachable(self) -> bool:
        """Whether there is an engine that answers now."""
        try:
            with engine_errors("no Docker engine answers"):
                return bool(self.client.ping())
        except EnvironmentFailed:
            return False

    def missing(self, environment: str) -> tuple[Problem, ...]:
        """The problem that stands against a build; empty if there is an engine."""
        if self.reachable():
            return ()
        what = f"no Docker engine answers here; it is needed to build environment {environment!r}"
        remedy = "start Docker, or give the environment a ready image (image: name:tag, with nothing to install)"
        return (Problem(what, "", remedy),)


@contextmanager
def engine_errors(what: str) -> Iterator[None]:
    """Turn the docker package's errors, and those of the packages below it, into EnvironmentFailed."""
    from docker.errors import DockerException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (DockerException, HTTPError, OSError) as error:
        raise EnvironmentFailed(f"{what}: {getattr(error, 'explanation', None) or error}") from error


def _connect() -> DockerClient:
    """By DOCKER_HOST, else by the current context's socket (Docker Desktop, colima), else the usual place."""
    import docker
    from docker.context import ContextAPI

    if not os.environ.get("DOCKER_HOST"):
        host = ContextAPI.get_current_context().Host
        if host and host.startswith("unix://"):
            return docker.DockerClient(base_url=host, timeout=_PATIENCE)
    return docker.from_env(timeout=_PATIENCE)
