"""The request of a step to submit a published pipeline, and what its run's controller makes of it.

All lie in the run's own folder: what steps write in ``_requests/``, what the controller writes in ``_submissions/``.
No key of a step begins with an underscore, so no step's folder has one of these names.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

from ..dataclass import dataclass, field
from ..errors import Problem
from .digest import digest_of
from .names import EXPERIMENT, is_run_id, is_segment
from .published import ParameterValues
from .tag_limits import tag_problems

SUBMISSIONS = "_submissions"
"""The folder of what the controller writes. Steps read it and cannot write it."""
_REQUESTS = "_requests"
_NAME = re.compile(r"(?P<key>[^/]+)/(?P<attempt>[1-9]\d{0,5})-(?P<token>(?:[0-9a-f]{8}-)?[0-9a-f]{16})\.json")
MOST = 100
"""The greatest number of runs that one attempt may submit."""
MOST_REQUESTS = 4 * MOST
"""The greatest number of requests of one attempt: each of its executions may ask for the same runs."""
LONGEST = 256 * 1024
"""Bytes of a request."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """The published pipeline that a step wants to run, with the options of that run."""

    pipeline: str
    """The id of the published pipeline."""
    experiment: str
    values: ParameterValues = field(default_factory=ParameterValues)
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    kind: str = ""
    """See `Submission.kind`."""
    source: str = ""
    """See `Submission.source`."""
    continue_on_step_failure: bool | None = None
    """None: as it was published."""
    regenerate_outputs: bool = False

    @property
    def digest(self) -> str:
        """Equal requests have equal digests."""
        return digest_of(self)

    def problems(self) -> Iterator[Problem]:
        """Yield why no run is submitted for it. A step writes the document itself, so nothing in it is trusted."""
        if not re.fullmatch(EXPERIMENT, self.experiment):
            yield Problem(
                f"{self.experiment[:80]!r} cannot name an experiment",
                "experiment",
                "begin with a letter or digit; then letters, digits, dash, underscore; at most 255",
            )
        run, dot, step = self.parent.partition(".")
        if self.parent and not (is_run_id(run) and (is_segment(step) or not dot)):
            yield Problem(f"{self.parent[:80]!r} is no id of a run", "parent_run_id", "see: runner list")
        for name, value in (("kind", self.kind), ("source", self.source)):
            if value:  # they show a run as that of a schedule, of REST or of a lone script
                yield Problem(f"a step cannot set the {name} of a run: {value[:80]!r}", name, "leave it empty")
        yield from tag_problems(self.tags)


@dataclasses.dataclass(frozen=True, order=True)
class RequestId:
    """One request of one attempt of a step."""

    run: str
    """The run of the step."""
    key: str
    attempt: int
    token: str
    """16 random hex digits, after those of the execution and a dash if it is known."""

    @property
    def execution(self) -> str:
        """`StepContext.execution`; empty: unknown."""
        return self.token.rpartition("-")[0]

    @property
    def request(self) -> str:
        """Key of the `RunRequest`, which the step writes."""
        return f"{requests_of(self.run)}{self._name}.json"

    @property
    def accepted(self) -> str:
        """Key of the `AcceptedRequest`."""
        return f"{submissions_of(self.run)}{self._name}.json"

    @property
    def answer(self) -> str:
        """Key of the `RequestAnswer`."""
        return f"{submissions_of(self.run)}{self._name}.answer.json"

    @property
    def _name(self) -> str:
        return f"{self.key}/{self.attempt}-{self.token}"


@dataclass(frozen=True)
class AcceptedRequest:
    """A request as the controller carries it out. It is stored first, so that a repetition makes the same run."""

    submitted: str
    """The id of the run that it gets."""
    number: int
    """The number of requests of the same attempt that were accepted before."""
    request: RunRequest


@dataclass(frozen=True)
class Refusal:
    """A `Problem` in a document."""

    what: str
    where: str = ""
    remedy: str = ""

    @property
    def problem(self) -> Problem:
        """The same for an error."""
        return Problem(self.what, self.where, self.remedy)


@dataclass(frozen=True)
class RequestAnswer:
    """The end of a request."""

    submitted: str = ""
    """The id of the run; empty: there is none."""
    problems: tuple[Refusal, ...] = ()
    """The reasons why there is no run, or why nothing drives it yet."""


def requests_of(run: str) -> str:
    """Return the prefix of the requests of a run's steps."""
    return f"runs/{run}/{_REQUESTS}/"


def submissions_of(run: str) -> str:
    """Return the prefix of what the controller makes of the requests."""
    return f"runs/{run}/{SUBMISSIONS}/"


def request_id(run: str, key: str) -> RequestId | None:
    """Return the request that an object of `requests_of` or of `submissions_of` belongs to; None: to none.

    Args:
        run: The run's id.
        key: The key of the object; that of an answer belongs to none.
    """
    for prefix in (requests_of(run), submissions_of(run)):
        found = _NAME.fullmatch(key[len(prefix) :]) if key.startswith(prefix) else None
        if found:
            return RequestId(run, found["key"], int(found["attempt"]), found["token"])
    return None
