"""What the API server's answers mean: pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from ...dataclass import dataclass
from ...errors import TargetDenied, TargetError, TargetUnreachable
from ...override import override
from .fields import KubeObject


class SignedOut(TargetDenied, TargetUnreachable):
    """The server does not know the user: no step's fault, and over once somebody has signed in again.

    Credentials are read anew with every such answer, so whoever waits goes on by itself.
    """


OVERLOADED = (429, 502, 503, 504)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Deed:
    """What was asked, of whom: for messages."""

    verb: str
    kind: str
    name: str
    namespace: str
    server: str

    @override
    def __str__(self) -> str:
        return f"{self.verb} {self.kind}" + (f" '{self.name}'" if self.name else "")


def refusal(status: int, message: str, deed: Deed) -> TargetError:
    """The error for an answer that is none of those the caller expects.

    A 403 is RBAC's only if it says ``User … cannot …``; admission (pod security, quota, webhooks) uses it too.
    """
    message = message or f"HTTP {status}"
    if status == 401:
        return SignedOut(
            f"{deed.server} does not know the user ({message}): its token has expired or was withdrawn; sign in again, "
            "or renew the kubeconfig's credentials, which are then read anew"
        )
    if status == 403 and " cannot " in message:
        return TargetDenied(
            f"not allowed to {deed} in namespace '{deed.namespace}' of {deed.server}; ask its administrator "
            f"for a Role there with the rule: {rule(deed.verb, deed.kind)}"
        )
    if "being terminated" in message:
        return TargetError(
            f"the namespace '{deed.namespace}' of {deed.server} is being deleted, so nothing can be made there; "
            "make it again when it is gone, or name another one in the target"
        )
    if status in OVERLOADED or status >= 500:
        return TargetUnreachable(f"{deed.server} cannot {deed} now: {message}")
    return TargetError(f"{deed.server} refused to {deed} in namespace '{deed.namespace}': {message}")


def rule(verb: str, resource: str) -> str:
    """The RBAC rule that allows it, as it stands in a Role; several verbs with commas between them."""
    group = "batch" if resource == "jobs" else ""
    verbs = ", ".join(f'"{one.strip()}"' for one in verb.split(","))
    return f'apiGroups: ["{group}"], resources: ["{resource}"], verbs: [{verbs}]'


def parsed(data: bytes) -> KubeObject:
    """The JSON object in `data`; empty when there is none (a proxy's HTML, say)."""
    try:
        document = json.loads(data)
    except ValueError:
        return {}
    return document if isinstance(document, Mapping) else {}


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The whole lines of a stream; a last one that was cut off is not given."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(None, whole)


def warnings_in(header: str) -> tuple[str, ...]:
    r"""The texts of ``Warning: 299 - "text", 299 - "with \"quotes\""`` (RFC 7234 §5.5)."""
    return tuple(re.sub(r"\\(.)", r"\1", text) for text in _QUOTED.findall(header))
