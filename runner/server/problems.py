"""Refusals of the server as problem documents (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import starmap

from starlette.responses import JSONResponse

from ..errors import (
    BadInput,
    EnvironmentFailed,
    Problem,
    RunnerError,
    StoreError,
    StoreUnreachable,
    TargetError,
    TargetUnreachable,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
"""Seconds after which a client asks again when the store or a target cannot be reached."""
_LOG = "the administrator sees why in the log of the server, under the X-Request-Id of this answer"


class Refusal(Exception):
    """A call that is refused: the status and the problem document of its answer.

    Args:
        status: The HTTP status.
        detail: What is wrong, in one sentence.
        remedy: What the caller can do.
        problems: All problems, if there may be several. Default: the one of `detail`.
        headers: Headers of the answer.

    """

    def __init__(
        self,
        status: int,
        detail: str,
        remedy: str = "",
        *,
        problems: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.remedy = remedy
        self.problems = problems
        self.headers = dict(headers or {})

    def document(self) -> dict[str, object]:
        """Return the problem document."""
        made: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.remedy:
            made["remedy"] = self.remedy
        if self.problems:
            made["problems"] = list(starmap(_problem, self.problems))
        return made


def _problem(what: str, where: str, remedy: str) -> dict[str, str]:
    return {key: value for key, value in (("what", what), ("where", where), ("remedy", remedy)) if value}


def refused(problems: Sequence[Problem], status: int = 400) -> Refusal:
    """Return the refusal for one or more problems.

    Args:
        problems: The problems.
        status: The HTTP status.

    """
    first = problems[0]
    detail = (
        first.what if len(problems) == 1 else f"{len(problems)} problems: {'; '.join(each.what for each in problems)}"
    )
    return Refusal(status, detail, first.remedy if len(problems) == 1 else "", problems=problems)


def not_found(what: str, remedy: str = "") -> Refusal:
    """Return the refusal for something that does not exist."""
    return Refusal(404, what, remedy)


def too_busy(status: int, detail: str, seconds: float) -> Refusal:
    """Return a refusal that asks the client to come again.

    Args:
        status: 429 or 503.
        detail: What there is too much of.
        seconds: The time after which it may work.

    """
    pause = max(1, round(seconds))
    return Refusal(status, detail, f"try again in {pause} s", headers={"Retry-After": str(pause)})


def refusal_of(error: RunnerError) -> Refusal:
    """Return the refusal for an error of runner's tree.

    Only the words of a BadInput are for the client. Those of the others name addresses and files of the server.
    """
    if isinstance(error, BadInput):
        return refused(error.problems)
    if isinstance(error, StoreUnreachable):
        return too_busy(503, "the store of the workspace does not answer", RETRY_SECONDS)
    if isinstance(error, TargetUnreachable):
        return too_busy(503, "the compute target does not answer", RETRY_SECONDS)
    if isinstance(error, EnvironmentFailed):
        return Refusal(503, "an environment of the run could not be made", _LOG)
    if isinstance(error, StoreError):
        return Refusal(500, "the store of the workspace did not do what was asked", _LOG)
    if isinstance(error, TargetError):
        return Refusal(500, "the compute target did not do what was asked", _LOG)
    return Refusal(500, "the server could not do this", _LOG)


def response(refusal: Refusal) -> JSONResponse:
    """Return the answer of a refusal."""
    return JSONResponse(refusal.document(), refusal.status, headers=refusal.headers, media_type=MEDIA_TYPE)
