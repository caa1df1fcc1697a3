"""Containers that v1 code registers: their keys lie on this machine, in a file that only its user can read."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ...errors import BadInput, StoreError
from ..s3.connections import Timeouts
from ..s3.http import RetryPolicy
from .address import KIND, Container, from_endpoint
from .datastore import AzureBlobConfig, checked_credentials
from .store import BlobStore

__all__ = ["KIND", "admit", "settings_of"]

_ONCE = RetryPolicy(attempts=2, timeouts=Timeouts(connect=5.0, answer=20.0))
"""A driver waits for the answer."""


def settings_of(account: str, container: str, endpoint: str) -> AzureBlobConfig:
    """Return the settings of a registered container, with the file of its key if this machine has one."""
    file = _file(account, container)
    credentials = str(file) if file.exists() else ""
    return AzureBlobConfig(account=account, container=container, endpoint=endpoint, credentials=credentials)


def admit(container: Container, *, tried: bool) -> None:
    """Keep the key of a container on this machine.

    Args:
        container: The container. Without a key and a token, those of an earlier call stay.
        tried: Read from the container first, so that a key that does not open it is never kept.

    Raises:
        BadInput: A name or the key is unusable, or the container cannot be read. No word of it holds a key.

    """
    rules = AzureBlobConfig.rules()
    for name in ("account", "container"):
        wrong = rules[AzureBlobConfig, name](getattr(container, name))
        if wrong is not None:
            raise BadInput(wrong[0], f"{name}_name", wrong[1])
    try:
        key, token = checked_credentials(container.account_key, container.sas_token)
    except ValueError as error:
        raise BadInput(str(error), "register_azure_blob_container", "copy it again from Azure") from None
    if key:
        token = ""  # the key opens whatever the token does
    used = replace(container, account_key=key, sas_token=token)
    if tried:
        _try(used, kept=not key and not token)
    if key or token:
        _keep(_file(used.account, used.container), {"account_key": key} if key else {"sas_token": token})


def _try(container: Container, *, kept: bool) -> None:
    """Read from the container, with the kept key if there is one and the caller has none. Raises BadInput."""
    if kept:
        found = settings_of(container.account, container.container, container.endpoint)
        container = from_endpoint(found.for_steps("register_azure_blob_container", here=True))
    store = BlobStore(container, _ONCE)
    try:
        store.first_page()
    except StoreError as error:
        raise BadInput(str(error)) from error
    finally:
        store.close()


def _keep(file: Path, document: dict[str, str]) -> None:
    """Write a file that nobody else can read, at once as a whole."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{os.urandom(6).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            json.dump(document, written)
        draft.replace(file)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _file(account: str, container: str) -> Path:
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "runner" / KIND / f"{account}.{container}.json"
