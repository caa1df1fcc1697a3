"""The course of a gang as one of its workers sees it: alone, as the first one, or led by the first one.

Each function waits for events until the gang has ended, and ends all that is left of it here.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import Protocol

from ..model.exits import STOPPED
from .gang_work import Asked, Event, Gone, Met, Outcome, Told, Work, WorkEnded, told
from .rank_layout import Gang
from .rank_output import print_bytes
from .rank_processes import GRACE

_ASKED_GRACE = 8.0
"""The same as `GRACE` after SIGTERM; the bootstrap kills this program after 10 s."""
_CAUSE = 2.0
"""Seconds in which the loss of a worker shows, after another one has failed by it."""
_SUCCESS = Outcome(code=0)


class Leading(Protocol):
    """The first worker's connections; see `gang_link.Leader`."""

    def start(self) -> object:
        """Connect to all."""

    def tell_all(self, document: Mapping[str, object]) -> None:
        """Send a document to all."""


class Led(Protocol):
    """Another worker's connection; see `gang_link.Agent`."""

    def start(self) -> int:
        """Listen."""

    def tell(self, document: Mapping[str, object]) -> None:
        """Send a document to the first worker."""


def alone(work: Work, events: SimpleQueue[Event]) -> Outcome:
    """Run all ranks on this machine.

    Args:
        work: Its ranks.
        events: Their end, and the request to end.

    """
    work.start()
    while True:
        event = events.get()
        if isinstance(event, WorkEnded):
            work.stop(GRACE)  # parameter servers do not end by themselves
            return event.outcome
        if isinstance(event, Asked):
            work.stop(_ASKED_GRACE)
            return _stopped()


def lead(gang: Gang, work: Work, link: Leading, events: SimpleQueue[Event], *, whole: bool) -> Outcome:
    """Lead the other workers.

    Args:
        gang: The gang.
        work: The ranks of this worker.
        link: The connections to the others.
        events: Whatever happens.
        whole: True: the end of `work` is the end of all ranks, because mpirun has started them.

    """
    link.start()
    outcome = _lead(gang, work, link, events, whole=whole)
    if outcome != _stopped():
        link.tell_all({"end": outcome.document})
    work.stop(_ASKED_GRACE if outcome == _stopped() else GRACE)
    return outcome


def _lead(gang: Gang, work: Work, link: Leading, events: SimpleQueue[Event], *, whole: bool) -> Outcome:
    missing, busy = set(range(1, gang.nodes)), {0} if whole else set(range(gang.nodes))
    while busy:
        event = events.get()
        if isinstance(event, Met):
            missing.discard(event.worker)
            if not missing:
                link.tell_all({"start": True})
                work.start()
        elif isinstance(event, Told) and event.document.get("done"):
            busy.discard(event.worker)
        elif isinstance(event, WorkEnded) and event.outcome.code == 0:
            busy.discard(0)
        elif isinstance(event, Gone) and event.worker not in busy and not whole:
            continue  # its ranks have succeeded
        elif (outcome := _outcome(gang, event)) is not None:
            if outcome.reason and not outcome.lost:
                needed = busy - {event.worker} if isinstance(event, Told) else busy
                outcome = _lost(gang, events, needed, whole=whole) or outcome
            return outcome
    return _SUCCESS


def follow(gang: Gang, work: Work, link: Led, events: SimpleQueue[Event], *, whole: bool) -> Outcome:
    """Be led by the first worker.

    Args:
        gang: The gang.
        work: The ranks of this worker.
        link: The connection to the first one.
        events: Whatever happens.
        whole: True: the ranks here are started by the first worker's mpirun, and `work` is empty.

    """
    link.start()
    has_servers = any(one.server for one in gang.here)
    while True:
        event = events.get()
        if isinstance(event, Told) and event.document.get("start"):
            if whole:
                print_bytes(b"runner: mpirun of worker 0 starts the ranks of this worker; their output is in its log\n")
            work.start()
            continue
        if isinstance(event, WorkEnded):
            if event.outcome.code == 0:
                link.tell({"done": True})
                if has_servers:
                    continue
                return event.outcome
            link.tell({"failed": event.outcome.document})
            work.stop(GRACE)
            return _confirmed(gang, event.outcome, events)
        outcome = _outcome(gang, event)
        if outcome is not None:
            work.stop(_ASKED_GRACE if isinstance(event, Asked) else GRACE)
            return outcome


def _outcome(gang: Gang, event: Event) -> Outcome | None:
    """Return how the gang ends by an event; None: it goes on."""
    if isinstance(event, WorkEnded):
        return event.outcome
    if isinstance(event, Asked):
        return _stopped()
    if isinstance(event, Gone):
        reason = f"worker {event.worker} of {gang.nodes} was lost: {event.reason}"
        return Outcome(code=1, reason=reason, lost=True, own=False)
    if isinstance(event, Told):
        document = event.document.get("failed") or event.document.get("end")
        return told(document) if document else None
    return None


def _lost(gang: Gang, events: SimpleQueue[Event], busy: Collection[int], *, whole: bool) -> Outcome | None:
    """Return the loss of a worker, which may be the cause of the failure that came first; None: no worker was lost.

    Args:
        gang: The gang.
        events: What has happened besides.
        busy: The workers whose connections must stand.
        whole: True: those of all workers.

    """
    deadline = time.monotonic() + _CAUSE
    with suppress(queue.Empty):
        while True:
            event = events.get(timeout=max(0.0, deadline - time.monotonic()))
            if isinstance(event, Asked) or (isinstance(event, Gone) and (whole or event.worker in busy)):
                return _outcome(gang, event)
    return None


def _confirmed(gang: Gang, own: Outcome, events: SimpleQueue[Event]) -> Outcome:
    """Return the first worker's judgement of a failure here: the failure itself, or the loss that has caused it."""
    deadline = time.monotonic() + 2 * _CAUSE
    with suppress(queue.Empty):
        while True:
            event = events.get(timeout=max(0.0, deadline - time.monotonic()))
            outcome = _outcome(gang, event)
            if outcome is not None:
                return outcome if outcome.lost or isinstance(event, Asked) else own
    return own


def _stopped() -> Outcome:
    return Outcome(code=STOPPED)
