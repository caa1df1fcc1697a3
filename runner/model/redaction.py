"""Logins in addresses, before the host or in the query, and bearer tokens: find them and hide them (pure).

``${NAME}`` in a line of pip stands for a secret of the configuration, as it stands for an environment variable in pip
(https://pip.pypa.io/en/stable/reference/requirements-file-format/#using-environment-variables). A login that holds
such a reference may be stored and shown. Any other login is a secret in clear text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

REFERENCE = re.compile(r"\$\{([A-Za-z0-9_][\w.-]*)\}")
"""The name of a secret in a line."""
LOGIN = re.compile(r"([A-Za-z][\w+.-]*)://([^/\s]*)@")
"""The scheme and the login of an address. The login ends at the last ``@`` before the path."""
_QUERY = re.compile(
    r"([?&](?:sig|signature|token|access_token|private_token|key|api_?key|password|x-amz-signature|x-amz-security-token"
    r"|x-goog-signature|awsaccesskeyid)=)([^&#\s'\")]+)",
    re.IGNORECASE,
)
"""A field of an address that grants access, as the ``sig`` of Azure's shared access signatures, and its value."""
BEARER = r"rt_([0-9a-f]{16})_([0-9a-f]{64})"
"""A bearer token of the REST endpoint: its id, which is no secret, and its secret."""
_SSH = ("ssh", "git+ssh", "hg+ssh", "svn+ssh", "bzr+ssh", "sftp", "bzr+sftp")
"""Schemes whose user name alone grants no access: a key does."""


def redacted(text: str) -> str:
    """Return the text with ``***`` in the place of each login that is a secret, and of the secret of each token."""
    text = re.sub(BEARER, r"rt_\1_***", text)
    shown = LOGIN.sub(lambda found: f"{found[1]}://***@" if _is_secret(found) else found[0], text)
    return _QUERY.sub(lambda found: f"{found[1]}***" if _is_value(found[2]) else found[0], shown)


def holds_login(text: str) -> bool:
    """Return True if the text has a bearer token, or an address with a login in clear text."""
    if re.search(BEARER, text):
        return True
    in_query = any(_is_value(found[2]) for found in _QUERY.finditer(text))
    return in_query or any(map(_is_secret, LOGIN.finditer(text)))


def references(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the secrets that lines name as ``${NAME}``, each once, in order."""
    return tuple(dict.fromkeys(name for line in lines for name in REFERENCE.findall(line)))


def _is_secret(found: re.Match[str]) -> bool:
    scheme, login = found.groups()
    return _is_value(login) and not (scheme.lower() in _SSH and ":" not in login)


def _is_value(text: str) -> bool:
    """Return True for a secret in clear text: neither empty, nor hidden, nor the name of one."""
    return text not in ("", "***") and not REFERENCE.search(text)
