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
    if declared != JSON and not _is_own(headers, url):
        raise Refusal(415, "a form of another page could have made this call", f"send the header Content-Type: {JSON}")


def refuse_foreign(headers: Headers, url: str) -> None:
    """Raise Refusal (403) unless a page of the server itself has sent a form.

    Args:
        headers: The headers of the call.
        url: The public URL of the server.

    """
    if not _is_own(headers, url):
        raise Refusal(403, "this form was not sent by a page of this server", "open the page here, and use its form")


def _is_own(headers: Headers, url: str) -> bool:
    """Return True if the browser says that the server's own page, or its user, made the call."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    return site in _OWN if site is not None else origin is not None and origin.lower() == _origin(url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
