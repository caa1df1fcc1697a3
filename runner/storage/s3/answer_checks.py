"""Checks of answers of success: other programs answer HTTP too, and a server may send 200 before it fails.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, API_GetObject.html, API_HeadObject.html,
API_DeleteObject.html
"""

from __future__ import annotations

from collections.abc import Mapping

from .http import Answer

_COPIED_FROM = "x-amz-copy-source"
_OBJECT_METHODS = frozenset({"GET", "HEAD", "PUT"})


def invalid_reason(method: str, headers: Mapping[str, str], answer: Answer) -> str:
    """Return the reason why an answer of success cannot come from an S3 server.

    A login page of a proxy has status 200 too. S3 sends the ETag of every object or part that it stores or returns,
    and answers PUT and DELETE without a body.

    Args:
        method: The method of the request.
        headers: The headers of the request, names in lower case.
        answer: An answer of status 2xx.

    Returns:
        The reason; empty if the answer is valid. Copies and the steps of a multipart upload have answers of their
        own,
        which are checked where they are read.
    """
    if _COPIED_FROM in headers or method == "POST":
        return ""
    if method in ("PUT", "DELETE") and answer.body.strip():
        return f"the answer to {method} has a body"
    if method not in _OBJECT_METHODS:
        return ""
    if answer.status not in ((200, 206) if "range" in headers else (200,)):
        return f"the answer to {method} has this status"
    if not answer.headers.get("etag", "").strip('"'):
        return f"the answer to {method} has no ETag"
    if method == "HEAD" and not answer.headers.get("content-length", "").isdecimal():
        return "the answer to HEAD has no Content-Length"
    return ""
