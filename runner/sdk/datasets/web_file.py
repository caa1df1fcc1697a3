"""Web addresses as a dataset's path: the file is copied to the default datastore when the dataset is defined.

v1 reads it where it is used. Steps without network can read a copy, and its bytes count for reuse.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from ...model.data import DEFAULT_DATASTORE, DatastorePath
from ..base.exceptions import UserErrorException
from ..base.session import current

_TIMEOUT = 60.0
"""Seconds without an answer."""
_BLOCK = 1 << 20


def fetched(address: str) -> DatastorePath:
    """Copy the file of an address to ``web/<host>/<path>`` of the default datastore, unless the same bytes lie there.

    If the address cannot be reached, an earlier copy is used, with a line that says so.

    Args:
        address: The address. One of a configured blob container stands for its datastore.

    Returns:
        The place of the file, or of the folder or pattern.

    Raises:
        UserErrorException: The address names no file, or cannot be reached and there is no copy.

    """
    parts = urlsplit(address)
    if (known := _configured(parts)) is not None:
        return known
    if not parts.path.strip("/") or ("*" in parts.path and not _is_blob(parts)):
        raise UserErrorException(
            f"the address {_shown(parts)} names no single file", remedy="list the files one by one, or upload them"
        )
    place = DatastorePath(DEFAULT_DATASTORE, web_key(address))
    store = current().datastore(place.datastore)
    if "*" in parts.path:
        return _copies(parts, place, OSError("an address with * is not listed"))
    with tempfile.TemporaryDirectory(prefix="runner-") as folder:
        path = Path(folder, "file")
        try:
            _download(address, path)
        except OSError as error:  # urllib's errors are OSErrors
            if store.stat(place.path) is None:
                return _copies(parts, place, error)
            print(f"{_shown(parts)} cannot be reached ({error}): using the copy {place.datastore}/{place.path}")
            return place
        if store.stat(place.path) is None or store.get(place.path) != path.read_bytes():
            store.upload(place.path, path)
            print(f"copied {_shown(parts)} to {place.datastore}/{place.path}")
    return place


def _configured(parts: SplitResult) -> DatastorePath | None:
    """Return the place in the datastore that is configured for a blob address's account and container, if there is one.

    v1 reads ``https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH`` as a file, a folder or a pattern.
    """
    account = (parts.hostname or "").partition(".")[0]
    container, _, below = unquote(parts.path).strip("/").partition("/")
    if _is_blob(parts) and container:
        for facts in current().datastore_facts().values():
            if (facts.account, facts.container) == (account, container):
                return DatastorePath(facts.name, below)
    return None


def _is_blob(parts: SplitResult) -> bool:
    return (parts.hostname or "").partition(".")[2].startswith("blob.")


def _copies(parts: SplitResult, place: DatastorePath, error: OSError) -> DatastorePath:
    """Return the place of a folder or pattern if copies lie there. Raises UserErrorException."""
    from ...data.dataset import found_at

    if next(found_at(current().datastore(place.datastore), place), None) is None:
        raise _unreachable(parts, place, error) from error
    print(f"{_shown(parts)} cannot be read as one file ({error}): using what lies at {place.datastore}/{place.path}")
    return place


def web_key(address: str) -> str:
    """Return the key of the copy: readable, and different for each query (pure).

    Args:
        address: The address.

    """
    parts = urlsplit(address)
    names = [part for part in unquote(parts.path).split("/") if part not in ("", ".", "..")]
    if parts.query:
        names.insert(len(names) - 1, hashlib.sha256(parts.query.encode()).hexdigest()[:12])
    return "/".join(("web", (parts.hostname or "").lower(), *names))


def _download(address: str, path: Path) -> None:
    from http.client import HTTPException
    from urllib.request import urlopen

    try:
        with urlopen(address, timeout=_TIMEOUT) as answer, path.open("wb") as file:  # noqa: S310 - http(s) only
            while block := answer.read(_BLOCK):
                file.write(block)
    except HTTPException as error:
        raise OSError(f"the answer broke off: {error!r}") from error


def _shown(parts: SplitResult) -> str:
    """Return the address without its query, which may be a key to the storage."""
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _unreachable(parts: SplitResult, place: DatastorePath, error: OSError) -> UserErrorException:
    return UserErrorException(
        f"{_shown(parts)} cannot be read: {error}",
        error,
        remedy=f"upload it to {place.datastore} as {place.path} (a file or a folder, which is used then); "
        "configure a datastore for that account and container; or give (datastore, path)",
    )
