"""Kubernetes tolerations, checked before a cluster refuses them (pure).

https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_FIELDS = ("key", "operator", "value", "effect", "tolerationSeconds")
_OPERATORS = ("Equal", "Exists")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def misfits(toleration: object) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a toleration, and the remedy."""
    if not isinstance(toleration, Mapping):
        yield "is no mapping", f"write its fields: {', '.join(_FIELDS)}"
        return
    for name in toleration:
        if name not in _FIELDS:
            yield f"has an unknown field '{name}'", f"known: {', '.join(_FIELDS)}"
    for name, allowed in (("operator", _OPERATORS), ("effect", _EFFECTS)):
        value = toleration.get(name, allowed[0])
        if value not in allowed:
            yield f"has the {name} {value!r}", f"use one of {', '.join(allowed)}"
    yield from _contradictions(toleration)


def _contradictions(toleration: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    exists = toleration.get("operator") == "Exists"
    if not toleration.get("key") and not exists:
        yield "names no key", "add 'key', or say operator: Exists, which tolerates everything"
    if exists and toleration.get("value"):
        yield "has a value, which operator: Exists never looks at", "remove 'value'"
    for name in ("key", "value"):
        if not isinstance(toleration.get(name, ""), str):
            yield f"has a {name} that is no text", "put it in quotes"
    seconds = toleration.get("tolerationSeconds")
    if seconds is None:
        return
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        yield f"has tolerationSeconds {seconds!r}", "write a whole number of seconds"
    elif toleration.get("effect") != "NoExecute":
        yield "has tolerationSeconds without the effect it is of", "add effect: NoExecute, or remove it"
