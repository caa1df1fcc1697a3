"""Addresses to which a page leads back (pure).

Only those of the server itself count: a link to the login must not lead to another site
(https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html).
"""

from __future__ import annotations

import re

LOGIN = "/login"
_LONGEST = 2000
_OWN = re.compile(r"/(?![/\\])[!-~]*")
"""One slash at the beginning: two are the beginning of another host. No space and no control character."""
_NOWHERE = ("/login", "/logout", "/static/")
"""Nobody wants to come back to these."""


def way_back(text: str) -> str:
    """Return an address to which the server may lead; empty if it may not.

    Args:
        text: A path with its query, as a client gave it.

    """
    if len(text) > _LONGEST or not _OWN.fullmatch(text) or "\\" in text or text.startswith(_NOWHERE):
        return ""
    return text
