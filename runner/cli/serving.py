"""The parts of `runner serve` and `runner ui` that are the same: the server of the workspace around this folder."""

from __future__ import annotations

import logging
import socket
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.serve import ServeConfig
from ..dataclass import dataclass
from ..errors import BadInput
from ..wiring import OpenWorkspace, SystemClock, open_session

if TYPE_CHECKING:
    from ..server.context import Context
    from ..server.process import Encryption
    from ..server.sessions import OneTime

_PACKAGES = ("starlette", "uvicorn", "prometheus_client", "h11", "anyio", "jinja2", "markupsafe")
_log = logging.getLogger("runner.workspace")


@dataclass(frozen=True)
class Place:
    """The address at which a server listens."""

    settings: ServeConfig
    """With the port that was found, and the public URL."""
    listening: socket.socket
    encryption: Encryption


@contextmanager
def packages_of(command: str, extra: str) -> Iterator[None]:
    """Let the server be imported in a ``with`` block.

    Args:
        command: The command that needs it.
        extra: The extra of this package that has what the command needs.

    Raises:
        BadInput: A package is missing.

    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        what = f"{command} needs a package that is not installed: {error.name}"
        raise BadInput(what, remedy=f"pip install 'kube-runner[{extra}]'") from error


def opened(target: str) -> OpenWorkspace:
    """Return the workspace around this folder. What it tells goes to the log.

    Args:
        target: The compute target; empty: that of the configuration.

    """
    session = open_session(Path.cwd(), target)
    session.notify = lambda line: _log.info("%s", line)
    return session


@contextmanager
def place(configured: ServeConfig, options: Namespace, *, alone: bool = False) -> Iterator[Place]:
    """Listen at the address of the command line, or of the settings.

    Args:
        configured: The settings.
        options: The command line: ``host``, ``port``, ``tls_cert``, ``tls_key``.
        alone: See `process.Encryption.check`. Default: False.

    Raises:
        BadInput: The address or the TLS files cannot be used.

    """
    from ..config import serve_rules
    from ..server import process

    wrong = serve_rules.address(options.host) if options.host else None
    if wrong:
        raise BadInput(wrong[0], f"--host {options.host}", wrong[1])
    port = configured.port if options.port is None else options.port
    settings = replace(configured, host=options.host or configured.host, port=port)
    encryption = process.Encryption(options.tls_cert, options.tls_key)
    encryption.check(settings, alone=alone)
    with process.bound(settings) as listening:
        settings = replace(settings, port=listening.getsockname()[1])
        if encryption.certificate and not settings.url:
            settings = replace(settings, url=f"https://{shown(settings.host)}:{settings.port}")
        yield Place(settings, listening, encryption)


def context_of(
    session: OpenWorkspace,
    settings: ServeConfig,
    target: str,
    audit: Callable[[Mapping[str, object]], None] = lambda _: None,
    once: OneTime | None = None,
) -> Context:
    """Return the surroundings of a server.

    Args:
        session: The workspace.
        settings: The settings.
        target: The target with which worker threads open the workspace.
        audit: Takes one record for each call. Default: none is kept.
        once: A one-time token. Default: None, there is none.

    """
    from ..operations.tokens import Verifier
    from ..server.authorization import Authorization
    from ..server.context import Context, Workspaces
    from ..server.sessions import Sessions
    from ..server.token_check import TokenCheck

    clock = SystemClock()
    check = TokenCheck(Verifier(session.store, clock), clock)
    sessions = Sessions(session.store, check, settings, clock, once)
    return Context(
        workspaces=Workspaces(lambda: opened(target)),
        settings=settings,
        authenticate=Authorization(check, settings, sessions),
        clock=clock,
        audit=audit,
        sessions=sessions,
    )


def log_to_standard_error() -> None:
    """Write the log of the server and of the workspace to standard error."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("uvicorn.error", "httpx", "urllib3", "kubernetes"):
        logging.getLogger(name).setLevel(logging.WARNING)


def shown(host: str) -> str:
    """Return an IP address as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
