"""Calls that the page of another origin may have made with the cookie of a user (CSRF).

A trusted proxy may know its users by a cookie, which a browser sends with the forms of every page. A form cannot
declare JSON, and a script of another origin may not, since there is no CORS. Browsers of today say where a call comes
from: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header, https://www.rfc-editor.org/rfc/rfc6454#section-7.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

from .operation import JSON
from .problems import Refusal

_OWN = ("same-origin", "none")
"""The page is the server's own, or the user made the call without a page."""


def refuse_forged(headers: Headers, url: str) -> None:
    """Raise Refusal (415) if the page of another origin could have made a call that changes something.

    Args:
        headers: The headers of the call.
        url: The public URL of the server.

    """
    declared = headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared == JSON:
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own = site in _OWN if site is not None else origin is not None and origin.lower() == _origin(url)
    if not own:
        raise Refusal(415, "a form of another page could have made this call", f"send the header Content-Type: {JSON}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
