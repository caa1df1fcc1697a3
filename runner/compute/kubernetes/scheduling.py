"""Why the scheduler finds no node, and whether it ever could (pure).

https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/; a namespaced Role may not list nodes, so all
that is known is the scheduler's own message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...dataclass import dataclass
from ...model.record import Failure
from ...override import override
from .fields import KubeObject, at, text
from .sighting import Sighting
from .waiting import Wait, last

_TOTAL = re.compile(r"0/(\d+) nodes are available")
_UNHELPFUL = re.compile(r"(\d+) Preemption is not helpful")
_UNMATCHED = re.compile(r"(\d+) node\(s\) (?:didn't match Pod's node affinity|had untolerated taint)")
_INSUFFICIENT = re.compile(r"Insufficient ([\w./-]*\w)")
_TAINT = re.compile(r"untolerated taint(?:\(s\))? \{([^:}]+): ?([^}]*)\}")
_PASSING = ("node.kubernetes.io/", "were unschedulable")
_ASIDE = re.compile(r"(?:\. no new claims to deallocate,|\.) preemption: .*$")
"""What more the scheduler says is of what it tried, not of what the pod lacks."""


def unscheduled(scheduled: KubeObject, seen: Sighting) -> Wait:
    """What a ``PodScheduled`` condition that is False means."""
    message = text(scheduled, "message")
    if text(scheduled, "reason") == "SchedulingGated":
        return Wait("the pod is held back by a scheduling gate", "see to what put the gate there (a queue, often)")
    short = [_asked(what, seen) for what in sorted(set(_INSUFFICIENT.findall(message)))]
    evidence = _ASIDE.sub("", message)
    remedy = "; ".join(_remedies(message, seen))
    if not is_hopeless(message) or last(seen.events, "TriggeredScaleUp"):
        words = f"waiting for {' and '.join(map(str, short))}" if short else f"waiting for a node{_why(message, seen)}"
        return Wait(f"{words}: {evidence}", remedy)
    nodes = "node that it may use" if _UNMATCHED.search(message) else "node"
    cause = f": no {nodes}, even empty, has enough {' and '.join(map(str, short))}" if short else _why(message, seen)
    return Wait(f"no node of the cluster can take it{cause}: {evidence}", remedy, hopeless=Failure.UNSCHEDULABLE)


def is_hopeless(message: str) -> bool:
    """Whether the scheduler says that no node, even an empty one, would do.

    It compares each node's size with the request: "Preemption is not helpful" counts the nodes that are too small or
    do not match, "No preemption victims found" those that are only full. Taints of ``node.kubernetes.io/`` (not
    ready, under pressure) and cordons pass by themselves.
    """
    total = sum(map(int, _TOTAL.findall(message)[:1]))
    unhelpful = sum(map(int, _UNHELPFUL.findall(message)))
    unmatched = sum(map(int, _UNMATCHED.findall(message)))
    return 0 < total <= max(unhelpful, unmatched) and not any(word in message for word in _PASSING)


@dataclass(frozen=True)
class _Asked:
    what: str
    wish: str

    @override
    def __str__(self) -> str:
        return f"{self.what} (asks for {self.wish})" if self.wish else self.what


def _asked(what: str, seen: Sighting) -> _Asked:
    resources = at(seen.step, "resources")
    return _Asked(what, text(resources, "requests", what) or text(resources, "limits", what))


def _selector(seen: Sighting) -> str:
    wanted = at(seen.pod, "spec", "nodeSelector")
    pairs = wanted.items() if isinstance(wanted, Mapping) else ()
    return ", ".join(f"{key}={value}" for key, value in pairs)


def _why(message: str, seen: Sighting) -> str:
    """The constraint in words, with a colon before it; empty when it is none that is known."""
    reasons = list(_constraints(message, seen))
    return f": {' and '.join(reasons)}" if reasons else ""


def _constraints(message: str, seen: Sighting) -> Iterator[str]:
    if "didn't match Pod's node affinity/selector" in message:
        chosen = _selector(seen)
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


def _remedies(message: str, seen: Sighting) -> Iterator[str]:
    for what in sorted(set(_INSUFFICIENT.findall(message))):
        yield _remedy_for(_asked(what, seen))
    if "didn't match Pod's node affinity/selector" in message and _selector(seen):
        yield f"correct node_selector, or label a node: kubectl label node NODE {_selector(seen).replace(', ', ' ')}"
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


def _remedy_for(asked: _Asked) -> str:
    than = f" than {asked.wish}" if asked.wish else ""
    if "/" in asked.what:
        return f"ask for no more {asked.what} than a node offers; if none does, install its device plugin there"
    option = f" ({asked.what}=…)" if asked.what in ("cpu", "memory") else ""
    return f"ask for less {asked.what}{than}{option}, or add a node that has as much"


def _toleration(key: str, value: str) -> str:
    return f'"key": "{key}", ' + (f'"value": "{value}"' if value else '"operator": "Exists"')
