"""Containers that v1 code registers: their keys lie on this machine, in a file that only its user can read.

What the workspace says of a container is only a claim, because every step may write there. So a key is used only for
the account, the container and the endpoint that its user gave with it, which are kept beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ...errors import BadInput, StoreError
from ...model.digest import digest_of
from ..s3.connections import Timeouts
from ..s3.http import RetryPolicy
from .address import KIND, Container, from_endpoint
from .datastore import AzureBlobConfig, checked_credentials
from .store import BlobStore

__all__ = ["KIND", "admit", "settings_of"]

_ONCE = RetryPolicy(attempts=2, timeouts=Timeouts(connect=5.0, answer=20.0))
"""A driver waits for the answer."""


def settings_of(account: str, container: str, endpoint: str) -> AzureBlobConfig | None:
    """Return the settings of a registered container; None if it has a name or an endpoint that cannot be.

    They name the file of the key if this machine has one for exactly this account, container and endpoint.
    """
    place = _place(account, container, endpoint)
    if _misfit(place) is not None:
        return None
    file = _file(place)
    credentials = str(file) if _is_for(file, place) else ""
    return AzureBlobConfig(account=account, container=container, endpoint=endpoint, credentials=credentials)


def admit(container: Container, *, tried: bool) -> None:
    """Keep the key of a container on this machine.

    Args:
        container: The container. Without a key and a token, those of an earlier call stay.
        tried: Read from the container first, so that a key that does not open it is never kept.

    Raises:
        BadInput: A name, the endpoint or the key is unusable, or the container cannot be read. No word of it holds a
            key.

    """
    place = _place(container.account, container.container, container.endpoint)
    misfit = _misfit(place)
    if misfit is not None:
        raise misfit
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
        _keep(_file(place), {**place, **({"account_key": key} if key else {"sas_token": token})})


def _try(container: Container, *, kept: bool) -> None:
    """Read from the container, with the kept key if there is one and the caller has none. Raises BadInput."""
    if kept:
        found = settings_of(container.account, container.container, container.endpoint)
        if found is not None:
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


def _place(account: str, container: str, endpoint: str) -> dict[str, str]:
    return {"account": account, "container": container, "endpoint": endpoint}


def _misfit(place: Mapping[str, str]) -> BadInput | None:
    """Return what is wrong with the first name or the endpoint that cannot be; a path is never made of such a name."""
    rules = AzureBlobConfig.rules()
    for name, value in place.items():
        wrong = rules[AzureBlobConfig, name](value)
        if wrong is not None:
            return BadInput(wrong[0], name if name == "endpoint" else f"{name}_name", wrong[1])
    return None


def _is_for(file: Path, place: Mapping[str, str]) -> bool:
    """Return True if the file holds a key that was given for this place."""
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False  # without its place nobody knows where the key may go
    return isinstance(document, dict) and all(document.get(name) == value for name, value in place.items())


def _file(place: Mapping[str, str]) -> Path:
    """Return the path of the key of a valid place. One endpoint's key never replaces another's, which may be in use."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    name = f"{place['account']}.{place['container']}.{digest_of(place['endpoint'])[:16]}.json"
    return Path(home) / "runner" / KIND / name
