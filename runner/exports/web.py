"""HTTP for exports: credentials never follow a redirection, and messages of failures never contain them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests

from ..errors import ExportFailed
from ..override import override


class Session(requests.Session):
    """A session that follows no redirection and remembers its last failure."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: ExportFailed | None = None
        """The failure of the last request; None: it went well."""
        self.auth = _as_it_is  # else a ~/.netrc would replace the header

    @override
    def request(
        self,
        method: str | bytes,
        url: str | bytes,
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> requests.Response:
        """Send a request.

        Args:
            method: The method.
            url: The address.
            *args: See `requests.Session.request`.
            **kwargs: Likewise.

        Raises:
            requests.RequestException: There is no answer.

        """
        kwargs["allow_redirects"] = False
        where = place(str(url))
        try:
            found = super().request(method, url, *args, **kwargs)
        except requests.RequestException as error:
            self.trouble = no_answer(where, error)
            raise
        target = found.headers.get("Location", "") if found.is_redirect else ""
        self.trouble = refusal(where, found.status_code, target)
        return found


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def place(url: str) -> str:
    """Return the scheme, host and port of an address."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}"


def no_answer(where: str, error: BaseException) -> ExportFailed:
    """Return the failure of a request without an answer.

    Args:
        where: The server.
        error: The library's error.

    """
    if isinstance(error, requests.exceptions.SSLError):
        return ExportFailed(
            f"the certificate of {where} is not trusted", "set REQUESTS_CA_BUNDLE to the file of its authority"
        )
    if isinstance(error, requests.Timeout):
        return ExportFailed(f"{where} does not answer in time", "see that the server answers")
    if isinstance(error, requests.ConnectionError):
        return ExportFailed(f"{where} cannot be reached", "see that the server runs and that its address is right")
    return ExportFailed(f"{where} gave no proper answer ({type(error).__name__})")


def refusal(where: str, status: int, target: str = "") -> ExportFailed | None:
    """Return the failure that a status stands for; None: it is none.

    Args:
        where: The server.
        status: The status of its answer.
        target: The address to which it points. Default: empty, it points nowhere.

    """
    if 300 <= status < 400:
        there = f" to {place(target)}" if "://" in target else ""
        remedy = "name the address that takes the data itself: credentials follow no redirection"
        return ExportFailed(f"{where} redirects{there} ({status})", remedy)
    if status in {401, 403}:
        return ExportFailed(f"{where} refuses the login ({status})", "correct the secret, or the rights of its owner")
    if status == 404:
        return ExportFailed(f"{where} has no such address ({status})", "correct the path of the address")
    return ExportFailed(f"{where} refuses the data ({status})") if status >= 400 else None
