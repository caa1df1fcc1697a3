"""Trials of the places that exports write to. None of them writes anything there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import requests

from ..config.after_run import MlflowConfig, OpenLineageConfig, OpenTelemetryConfig
from ..errors import ExportFailed
from . import values, web
from .values import Secret
from .web import Session

_SECONDS = 10.0


def mlflow(settings: MlflowConfig, secret: Secret) -> str:
    """Ask a tracking server for one experiment, and return its address.

    Args:
        settings: The server.
        secret: Returns the value of a secret by its name.

    Raises:
        BadInput: A secret has no value.
        ExportFailed: The server does not answer, or refuses the login.

    """
    login = values.filled(secret, {"token": settings.token, "password": settings.password})
    address = f"{settings.tracking_uri.rstrip('/')}/api/2.0/mlflow/experiments/search"
    headers = {"Authorization": f"Bearer {login['token']}"} if login["token"] else {}
    with Session() as session:
        if settings.username:
            session.auth = requests.auth.HTTPBasicAuth(settings.username, login["password"])
        _ask(session, lambda: session.get(address, params={"max_results": 1}, headers=headers, timeout=_SECONDS))
    return settings.tracking_uri


def opentelemetry(settings: OpenTelemetryConfig, address: str, secret: Secret) -> str:
    """Send no spans to a collector, and return its address.

    Args:
        settings: The collector.
        address: The address for spans.
        secret: Returns the value of a secret by its name.

    Raises:
        BadInput: A secret has no value.
        ExportFailed: The collector does not answer, or refuses the login.

    """
    headers = {**values.filled(secret, settings.headers), "Content-Type": "application/x-protobuf"}
    with Session() as session:
        _ask(session, lambda: session.post(address, data=b"", headers=headers, timeout=_SECONDS))
    return address


def openlineage(settings: OpenLineageConfig, secret: Secret) -> str:
    """Look whether a server answers, or a file can be written, and return its address or path.

    Args:
        settings: The server or the file.
        secret: Returns the value of a secret by its name.

    Raises:
        BadInput: A secret has no value.
        ExportFailed: The server does not answer, or the file cannot be written.

    """
    token = values.filled(secret, {"token": settings.token})["token"]
    if settings.file:
        _check_writable(Path(settings.file))
        return settings.file
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with Session() as session:  # its answer to a question means nothing: it takes events
        _ask(session, lambda: session.get(settings.url, headers=headers, timeout=_SECONDS), taken={404, 405})
    return settings.url


def _ask(
    session: Session, request: Callable[[], requests.Response], taken: frozenset[int] | set[int] = frozenset()
) -> None:
    try:
        answer = request()
    except requests.RequestException as error:
        raise session.trouble or web.no_answer("the server", error) from None
    if session.trouble and answer.status_code not in taken:
        raise session.trouble


def _check_writable(path: Path) -> None:
    there = path if path.exists() else next(folder for folder in path.parents if folder.exists())
    if not os.access(there, os.W_OK) or (there != path and not there.is_dir()):
        raise ExportFailed(f"{path} cannot be written", "name another file")
