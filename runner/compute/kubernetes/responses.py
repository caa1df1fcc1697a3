"""The meaning of the API server's responses (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from ...dataclass import dataclass
from ...errors import TargetDenied, TargetError, TargetUnreachable
from ...override import override
from .json_fields import KubeObject


class Unauthorized(TargetDenied, TargetUnreachable):
    """The server does not accept the credentials. It is no step's fault and ends when the user has signed in again.

    Credentials are read again after every such response, so a waiting caller continues by itself.
    """


BATCH = ("jobs", "cronjobs")
"""The resources of the API group ``batch``."""
OVERLOADED = (429, 502, 503, 504)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """A request, for messages."""

    verb: str
    kind: str
    name: str
    namespace: str
    server: str

    @override
    def __str__(self) -> str:
        return f"{self.verb} {self.kind}" + (f" '{self.name}'" if self.name else "")


def error_for(status: int, message: str, request: ApiRequest) -> TargetError:
    """Return the error for an unexpected response.

    A 403 is one of RBAC only if it says ``User … cannot …``. Admission (pod security, quota, webhooks) uses 403 too.
    """
    message = message or f"HTTP {status}"
    if status == 401:
        return Unauthorized(
            f"{request.server} does not know the user ({message}): its token has expired or was withdrawn; "
            "sign in again, or renew the credentials of the kubeconfig, which are then read again"
        )
    if status == 403 and " cannot " in message:
        return TargetDenied(
            f"not allowed to {request} in namespace '{request.namespace}' of {request.server}; ask its administrator "
            f"for a Role there with the rule: {rule(request.verb, request.kind)}"
        )
    if "being terminated" in message:
        return TargetError(
            f"the namespace '{request.namespace}' of {request.server} is being deleted, so nothing can be made there; "
            "make it again when it is gone, or name another one in the target"
        )
    if status in OVERLOADED or status >= 500:
        return TargetUnreachable(f"{request.server} cannot {request} now: {message}")
    return TargetError(f"{request.server} refused to {request} in namespace '{request.namespace}': {message}")


def rule(verb: str, resource: str) -> str:
    """Return the RBAC rule that allows a request, as a Role states it. `verb`: one verb, or several with commas."""
    group = "batch" if resource in BATCH else ""
    verbs = ", ".join(f'"{one.strip()}"' for one in verb.split(","))
    return f'apiGroups: ["{group}"], resources: ["{resource}"], verbs: [{verbs}]'


def parse_json(data: bytes) -> KubeObject:
    """Return the JSON object in `data`; empty if there is none (HTML of a proxy, for example)."""
    try:
        document = json.loads(data)
    except ValueError:
        return {}
    return document if isinstance(document, Mapping) else {}


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the whole lines of a stream. An incomplete last line is dropped."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(None, whole)


def warnings_in(header: str) -> tuple[str, ...]:
    r"""Return the texts of ``Warning: 299 - "text", 299 - "with \"quotes\""`` (RFC 7234 §5.5)."""
    return tuple(re.sub(r"\\(.)", r"\1", text) for text in _QUOTED.findall(header))
