"""The token of this machine for the REST endpoint of one workspace store: a file that only its user can read.

It lies in ``runner/tokens/`` of the configuration folder, named by the store's id, so that the tokens of two stores
never mix. The file gives no more rights than its user has by the keys of the store.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..documents import files
from ..model.secret import SecretSource
from ..model.token import READ, SUBMIT, parsed, why_dead
from ..operations import tokens

if TYPE_CHECKING:
    from ..ports import Clock, ObjectStore

VARIABLE = "RUNNER_TOKEN"
"""The environment variable that takes precedence over the file."""
_LIFETIME = timedelta(days=90)


def token_file(store_id: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the machine's token for a store. The file need not exist."""
    return _folder(environ) / f"{store_id}.token"


def known_token(store_id: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the token that this process sends.

    Args:
        store_id: The id of the workspace store. Empty: it has none yet, so the machine has no token for it.
        environ: The environment variables.

    Returns:
        The value of ``RUNNER_TOKEN``, else the content of the file. Empty: there is none.

    Raises:
        BadInput: Others can read the file, or it cannot be read.

    """
    if environ.get(VARIABLE):
        return environ[VARIABLE].strip()
    return (files.private_text(token_file(store_id, environ)) or "").strip() if store_id else ""


def save(text: str, file: Path) -> None:
    """Write a token into its file, at once as a whole, so that only its user can read it. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{os.urandom(6).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            written.write(f"{text}\n")
        draft.replace(file)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def ensure(store: ObjectStore, store_id: str, clock: Clock, user: str) -> bool:
    """Make the machine's token unless there is one. ``runner serve`` calls it when it starts.

    A token that has expired, or that the store does not know, is replaced. A revoked one is not: somebody meant that.

    Args:
        store: The workspace store.
        store_id: Its id.
        clock: The clock.
        user: Who starts the server.

    Returns:
        True if a token was made.

    Raises:
        BadInput: Others can read the file, or it cannot be read.
        StoreError: The store cannot be used.
        OSError: The file cannot be written.

    """
    file, now = token_file(store_id), clock.now()
    text = (files.private_text(file) or "").strip()
    if text and not _is_replaced(store, text, clock):
        return False
    made = tokens.create(
        store,
        f"{user or 'user'}@{socket.gethostname()}"[:100],
        (READ, SUBMIT),
        lifetime=_LIFETIME,
        now=now,
        entropy=os.urandom(40),
        user=user,
    )
    save(made.text, file)
    return True


def _is_replaced(store: ObjectStore, text: str, clock: Clock) -> bool:
    given = parsed(text)
    record = tokens.documents(store).find(given.id) if given else None
    return record is None or (record.revoked is None and bool(why_dead(record, clock.now())))


def sources(environ: Mapping[str, str] = os.environ) -> dict[str, SecretSource]:
    """Return where this machine has tokens, as sources of secrets: no log and no record of a local step shows one."""
    found: dict[str, SecretSource] = {}
    if environ.get(VARIABLE):
        found[VARIABLE] = SecretSource(env=VARIABLE)
    folder = _folder(environ)
    if os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where it may not look
        found.update({f"token-{file.stem}": SecretSource(file=str(file)) for file in folder.glob("*.token")})
    return found


def _folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "runner" / "tokens"
