"""Submit published pipelines for steps that ask for it, beside the ticks.

The controller stores what it accepts before it acts, with the id of the run. So a repetition after a crash makes the
same run, and a step that changes its request later changes nothing.

A repeated attempt does not double a run: its n-th request of some content gets the run of the n-th such request of an
earlier attempt, unless that run has failed or was canceled. The same holds for executions of one attempt, which is
executed again if it vanished before its start was journaled.
"""

from __future__ import annotations

import os
from concurrent.futures import Executor, Future
from itertools import islice

from ..errors import BadInput, ObjectMissing, Problem, StoreError
from ..model.digest import canonical_json
from ..model.document import to_document
from ..model.names import new_run_id
from ..model.run_request import (
    LONGEST,
    MOST,
    MOST_REQUESTS,
    AcceptedRequest,
    Refusal,
    RequestAnswer,
    RequestId,
    RunRequest,
    request_id,
    requests_of,
    submissions_of,
)
from ..model.state import RunState
from ..model.status import IN_FLIGHT, RunStatus
from ..model.stored_documents import read_document
from ..ports import Clock, Notify, ObjectInfo, ObjectStore
from ..runs import plans
from .error_causes import RETRYABLE, words_of
from .launcher import RunLauncher

PACE = 2.0
"""Seconds between two looks for requests: each is one listing, however many steps run."""
PATIENCE = 300.0
"""Seconds in which a controller of a submitted run is tried to be started."""
_AT_ONCE = 1000
"""The most requests of one listing; with more, each step in flight is looked at by itself."""
_AGAIN = frozenset({RunStatus.FAILED, RunStatus.CANCELED, RunStatus.CANCELING})
"""States of a run after which a repeated attempt gets a new one."""


class StepRequests:
    """The requests of the steps of one run.

    Args:
        store: The workspace store.
        launcher: Submits runs. None: every request is refused.
        clock: The clock.
        notify: Receives a line for each submission.
    """

    def __init__(self, store: ObjectStore, launcher: RunLauncher | None, clock: Clock, notify: Notify) -> None:
        self._store = store
        self._launcher = launcher
        self._clock = clock
        self._notify = notify
        self._look: Future[None] | None = None
        self._looked: float | None = None
        self._recovers = False
        self._open: dict[RequestId, float] = {}
        """Accepted requests without an answer, with the time (monotonic) since when that is so."""
        self._accepted: dict[str, dict[RequestId, AcceptedRequest]] = {}
        """By step, as far as they were read."""

    @property
    def unfinished(self) -> bool:
        """Return True while the run must not end: an accepted request has no answer, or may have none."""
        return bool(self._recovers or self._open or (self._look and not self._look.done()))

    def recover(self) -> None:
        """Look for requests that an earlier controller has accepted and not answered."""
        self._recovers = True

    def look(self, state: RunState, pool: Executor, *, canceled: bool) -> None:
        """Begin to carry out new requests, if it is time.

        Args:
            state: The run's state: its attempts in flight may ask.
            pool: Where the work is done.
            canceled: The cancellation of the run was requested.
        """
        if self._look is not None:
            if not self._look.done():
                return
            self._end_look(self._look)
            self._look = None
        now = self._clock.monotonic()
        due = self._looked is None or now - self._looked >= PACE
        if due and (self._recovers or self._open or state.step_counts.live):
            self._looked = now
            self._look = pool.submit(self._carry_out_all, state, canceled)

    def _end_look(self, look: Future[None]) -> None:
        """Report an error of a look. It is never one of the run: the next look tries again."""
        try:
            look.result()
        except Exception as error:  # noqa: BLE001 - what a step writes must not end the controller
            self._notify(f"a look for requests of steps failed: {type(error).__name__}: {error}")

    def _carry_out_all(self, state: RunState, canceled: bool) -> None:
        try:
            self._recover(state.run)
            for known in tuple(self._open):
                self._carry_out(known)
            for info in self._listed(state):
                self._take(info, state, canceled=canceled)
        except StoreError as error:  # the next look tries again; a refusal ends the controller elsewhere
            self._notify(f"requests of steps wait: {error}")

    def _listed(self, state: RunState) -> list[ObjectInfo]:
        """Return the objects of one look: all, or some of each step that may ask, if there are too many."""
        folder = requests_of(state.run)
        listed = list(islice(self._store.list(folder), _AT_ONCE))
        if len(listed) < _AT_ONCE:
            return listed
        found = {info.key: info for info in listed}
        for key, step in state.steps.items():  # one step must not keep the others waiting
            if step.status in IN_FLIGHT:
                asked = self._store.list(f"{folder}{key}/{step.attempt}-")
                found.update((info.key, info) for info in islice(asked, MOST))
        return list(found.values())

    def _recover(self, run: str) -> None:
        if not self._recovers:
            return
        keys = {info.key for info in self._store.list(submissions_of(run))}
        for key in keys:
            found = request_id(run, key)
            if found is not None and found.answer not in keys:
                self._open.setdefault(found, self._clock.monotonic())
        self._recovers = False

    def _take(self, info: ObjectInfo, state: RunState, *, canceled: bool) -> None:
        """Accept or refuse a request, or delete an object that is none that anybody waits for."""
        found = request_id(state.run, info.key)
        step = state.steps.get(found.key) if found else None
        if found in self._open or (found and step and found.attempt == step.attempt + 1):
            return  # `state` is of a moment ago
        waits = found and step and step.status in IN_FLIGHT and found.attempt == step.attempt
        if not found or not waits or self._store.stat(found.answer) is not None:
            self._store.delete(info.key)
            return
        try:
            accepted = self._accept(found, info, canceled=canceled)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the same request would fail with each look, and keep others waiting
            self._answer(found, RequestAnswer(problems=_refusals(_problems_of(error))))
            return
        if accepted:
            self._open[found] = self._clock.monotonic()
            self._carry_out(found)

    def _accept(self, found: RequestId, info: ObjectInfo, *, canceled: bool) -> bool:
        """Store the request with the id of its run. Raise BadInput for a refusal; return False if it is gone."""
        if canceled:
            raise BadInput("the run of this step is being canceled: it submits nothing more")
        if info.size > LONGEST:
            raise BadInput(f"the request has {info.size} bytes, and may have {LONGEST}", remedy="pass data by datasets")
        known = self._known(found)
        number = sum(one.attempt == found.attempt for one in known)
        if found not in known and number >= MOST_REQUESTS:
            raise _too_many()
        try:
            request = read_document(RunRequest, self._store.get(info.key), info.key)
        except ObjectMissing:
            return False  # the step waits no longer
        except StoreError as error:
            if isinstance(error, RETRYABLE):
                raise
            raise BadInput(str(error)) from error
        problems = tuple(request.problems())
        if problems:
            raise BadInput(problems)
        run = self._run_for(found, request)
        runs = {made.submitted for one, made in known.items() if one.attempt == found.attempt}
        if found not in known and run not in runs and len(runs) >= MOST:
            raise _too_many()
        made = AcceptedRequest(run, number, request)
        if not self._store.put_if_absent(found.accepted, canonical_json(to_document(made))):
            made = self._read(found)
        known[found] = made
        return True

    def _run_for(self, found: RequestId, request: RunRequest) -> str:
        """Return the id of the run for a request: that of an equal one of another execution, or a new one."""
        known = self._known(found)
        equal = [one for one, made in known.items() if made.request.digest == request.digest]
        equal.sort(key=lambda one: (one.attempt, known[one].number))
        position = sum(_execution(one) == _execution(found) for one in equal)
        others = [_execution(one) for one in reversed(equal) if one.attempt <= found.attempt]
        for execution in dict.fromkeys(others):
            if execution == _execution(found):
                continue
            earlier = [one for one in equal if _execution(one) == execution]
            if position < len(earlier):
                if self._stands(earlier[position], known[earlier[position]]):
                    return known[earlier[position]].submitted
                break
        return new_run_id(self._clock.now(), os.urandom(10))

    def _stands(self, earlier: RequestId, made: AcceptedRequest) -> bool:
        """Return True if the run of an earlier request goes on, has succeeded or is still to be submitted."""
        told = plans.replay(self._store, made.submitted)
        return earlier in self._open if told is None else told[1].status not in _AGAIN

    def _known(self, of: RequestId) -> dict[RequestId, AcceptedRequest]:
        """Return the accepted requests of a step."""
        if of.key not in self._accepted:
            listed = self._store.list(f"{submissions_of(of.run)}{of.key}/")
            ids = [found for info in listed if (found := request_id(of.run, info.key))]
            self._accepted[of.key] = {found: self._read(found) for found in ids}
        return self._accepted[of.key]

    def _read(self, found: RequestId) -> AcceptedRequest:
        return read_document(AcceptedRequest, self._store.get(found.accepted), found.accepted)

    def _carry_out(self, found: RequestId) -> None:
        """Submit the run of an accepted request and answer; leave it open after an error that may pass."""
        made = self._known(found)[found]
        try:
            answer = self._submitted(found, made)
        except RETRYABLE as error:
            self._notify(f"the run that step {found.key} asks for waits: {error}")
            return
        self._notify(
            f"step {found.key} has submitted run {made.submitted}" if answer.submitted else _said(found, answer)
        )
        self._answer(found, answer)
        del self._open[found]

    def _submitted(self, found: RequestId, made: AcceptedRequest) -> RequestAnswer:
        if self._launcher is None:
            return RequestAnswer(problems=(Refusal("the controller of this run submits no runs"),))
        try:
            self._launcher.launch(made.submitted, made.request)
        except Exception as error:
            submitted = plans.replay(self._store, made.submitted) is not None
            tried = self._clock.monotonic() - self._open[found]
            if isinstance(error, RETRYABLE) and not (submitted and tried > PATIENCE):
                raise
            return RequestAnswer(made.submitted if submitted else "", _refusals(_problems_of(error)))
        return RequestAnswer(made.submitted)

    def _answer(self, found: RequestId, answer: RequestAnswer) -> None:
        self._store.put_if_absent(found.answer, canonical_json(to_document(answer)))
        self._store.delete(found.request)


def _execution(of: RequestId) -> tuple[int, str]:
    return of.attempt, of.execution


def _too_many() -> BadInput:
    what = f"this attempt has submitted {MOST} runs, which is the most"
    return BadInput(what, remedy="submit fewer, or submit them from the driver")


def _problems_of(error: Exception) -> tuple[Problem, ...]:
    return error.problems if isinstance(error, BadInput) else (Problem(words_of(error)),)


def _refusals(problems: tuple[Problem, ...]) -> tuple[Refusal, ...]:
    return tuple(Refusal(*problem) for problem in problems)


def _said(found: RequestId, answer: RequestAnswer) -> str:
    why = "; ".join(one.what for one in answer.problems)
    if answer.submitted:
        return f"step {found.key} has submitted run {answer.submitted}{': ' * bool(why)}{why}"
    return f"step {found.key} may not submit a run: {why}"
