"""Reasons why the scheduler finds no node, and whether it ever could (pure).

A namespaced Role may not list nodes, so the only source is the scheduler's message:
https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...dataclass import dataclass
from ...model.record import Failure
from ...override import override
from .json_fields import KubeObject, text, value_at
from .pending_reason import PendingReason, last
from .pod_snapshot import PodSnapshot

_TOTAL = re.compile(r"0/(\d+) nodes are available")
_NO_PREEMPTION = re.compile(r"(\d+) Preemption is not helpful")
_UNMATCHED = re.compile(r"(\d+) node\(s\) (?:didn't match Pod's node affinity|had untolerated taint)")
_INSUFFICIENT = re.compile(r"Insufficient ([\w./-]*\w)")
_TAINT = re.compile(r"untolerated taint(?:\(s\))? \{([^:}]+): ?([^}]*)\}")
_PASSING = ("node.kubernetes.io/", "were unschedulable")
_PREEMPTION_NOTE = re.compile(r"(?:\. no new claims to deallocate,|\.) preemption: .*$")
"""The part of the message about preemption, which is not about the pod's own needs."""


def scheduling_problem(scheduled: KubeObject, snapshot: PodSnapshot) -> PendingReason:
    """Return the meaning of a ``PodScheduled`` condition that is False."""
    message = text(scheduled, "message")
    if text(scheduled, "reason") == "SchedulingGated":
        return PendingReason(
            reason="the pod is held back by a scheduling gate",
            remedy="look for the program that set the gate, often a queue",
        )
    short = [_asked(what, snapshot) for what in sorted(set(_INSUFFICIENT.findall(message)))]
    evidence = _PREEMPTION_NOTE.sub("", message)
    remedy = "; ".join(_remedies(message, snapshot))
    if not no_node_can_fit(message) or last(snapshot.events, "TriggeredScaleUp"):
        waiting_for = (
            f"waiting for {' and '.join(map(str, short))}" if short else f"waiting for a node{_why(message, snapshot)}"
        )
        return PendingReason(reason=f"{waiting_for}: {evidence}", remedy=remedy)
    nodes = "node that it may use" if _UNMATCHED.search(message) else "node"
    cause = (
        f": no {nodes}, even empty, has enough {' and '.join(map(str, short))}" if short else _why(message, snapshot)
    )
    return PendingReason(
        reason=f"no node of the cluster can take it{cause}: {evidence}",
        remedy=remedy,
        unschedulable=Failure.UNSCHEDULABLE,
    )


def no_node_can_fit(message: str) -> bool:
    """Return True if the scheduler reports that no node, even an empty one, fits.

    It compares each node's size with the request. "Preemption is not helpful" counts the nodes that are too small or
    do not match, "No preemption victims found" those that are only full. Taints of ``node.kubernetes.io/`` (not
    ready, under pressure) and cordons are temporary.
    """
    total = sum(map(int, _TOTAL.findall(message)[:1]))
    unhelpful = sum(map(int, _NO_PREEMPTION.findall(message)))
    unmatched = sum(map(int, _UNMATCHED.findall(message)))
    return 0 < total <= max(unhelpful, unmatched) and not any(word in message for word in _PASSING)


@dataclass(frozen=True)
class _Requested:
    what: str
    amount: str

    @override
    def __str__(self) -> str:
        return f"{self.what} (asks for {self.amount})" if self.amount else self.what


def _asked(what: str, snapshot: PodSnapshot) -> _Requested:
    resources = value_at(snapshot.step, "resources")
    return _Requested(what, text(resources, "requests", what) or text(resources, "limits", what))


def _selector(snapshot: PodSnapshot) -> str:
    wanted = value_at(snapshot.pod, "spec", "nodeSelector")
    pairs = wanted.items() if isinstance(wanted, Mapping) else ()
    return ", ".join(f"{key}={value}" for key, value in pairs)


def _why(message: str, snapshot: PodSnapshot) -> str:
    """Return the known constraints in the message, after a colon; empty if there is none."""
    reasons = list(_constraints(message, snapshot))
    return f": {' and '.join(reasons)}" if reasons else ""


def _constraints(message: str, snapshot: PodSnapshot) -> Iterator[str]:
    if "didn't match Pod's node affinity/selector" in message:
        chosen = _selector(snapshot)
        yield f"none has the labels {chosen}" if chosen else "none matches its node affinity"
    for key, value in dict.fromkeys(_TAINT.findall(message)):
        yield f"the taint {key}{'=' if value else ''}{value} is not tolerated"
    if "were unschedulable" in message:
        yield "nodes are cordoned"
    if "Too many pods" in message:
        yield "nodes hold as many pods as they may"
    if "no nodes available" in message:
        yield "the cluster has none"
    if "topology spread" in message or "anti-affinity" in message:
        yield "its rules on where other pods are"
    if re.search(r"PersistentVolumeClaim|persistentvolumeclaim|volume node affinity", message):
        yield "its volume is not to be had there"


def _remedies(message: str, snapshot: PodSnapshot) -> Iterator[str]:
    for what in sorted(set(_INSUFFICIENT.findall(message))):
        yield _remedy_for(_asked(what, snapshot))
    if "didn't match Pod's node affinity/selector" in message and _selector(snapshot):
        labels = _selector(snapshot).replace(", ", " ")
        yield f"correct node_selector, or label a node: kubectl label node NODE {labels}"
    for key, value in dict.fromkeys(_TAINT.findall(message)):
        if not key.startswith("node.kubernetes.io/"):
            which = (
                "or, if a tainted node would do, tolerate its taint"
                if "Insufficient" in message
                else "tolerate the taint"
            )
            yield f"{which}: tolerations=[{{{_toleration(key, value)}}}], for the step or the target"
    if "were unschedulable" in message:
        yield "uncordon a node: kubectl uncordon NODE"
    if "no nodes available" in message:
        yield "add a node, or wait for the cluster's autoscaler"


def _remedy_for(asked: _Requested) -> str:
    than = f" than {asked.amount}" if asked.amount else ""
    if "/" in asked.what:
        return f"ask for no more {asked.what} than a node offers; if none does, install its device plugin there"
    option = f" ({asked.what}=…)" if asked.what in ("cpu", "memory") else ""
    return f"ask for less {asked.what}{than}{option}, or add a node that has as much"


def _toleration(key: str, value: str) -> str:
    return f'"key": "{key}", ' + (f'"value": "{value}"' if value else '"operator": "Exists"')
