"""The operations of the server as values: the routes and the OpenAPI document are made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response

from ..dataclass import dataclass, field
from .context import Caller, Context

Schema = Mapping[str, object]
"""A JSON schema."""
Value = str | int | bool
"""The value of a parameter."""
TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 255}
JSON = "application/json"
FORM: Schema = {"type": "object"}
"""The body of a page's form, which `web.forms` reads."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter in the path or the query of a call. Its schema is checked before the handler is called."""

    name: str
    about: str
    schema: Schema = field(default_factory=lambda: TEXT)
    """``type`` string, integer or boolean, with ``minimum``, ``maximum``, ``maxLength``, ``enum`` or ``pattern``."""
    in_path: bool = False
    required: bool = False
    """Of a query's parameter: those of the path always are."""
    several: bool = False
    """Of a query's parameter: it may be given several times. Its value is the texts with commas between them."""


@dataclass(frozen=True)
class Answer:
    """One kind of answer."""

    about: str
    schema: Schema | None = None
    """The schema of its JSON; None: it has none."""
    media_type: str = JSON


@dataclass(kw_only=True)
class Call:
    """One call of an operation."""

    context: Context
    caller: Caller | None
    """None in operations without a scope."""
    path: Mapping[str, Value]
    query: Mapping[str, Value]
    """The parameters that were given."""
    headers: Headers
    connection: HTTPConnection
    """The connection, for the login alone: it has headers that no handler should look at."""
    body: bytes = b""
    notes: dict[str, object] = field(default_factory=dict)
    """Fields of the audit line, such as ``run``. No value of a parameter, no secret."""

    @property
    def known_caller(self) -> Caller:
        """The caller of an operation that has a scope."""
        assert self.caller is not None
        return self.caller

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter of the path or the query as text."""
        return str(self.path.get(name, self.query.get(name, default)))


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation: a method of a path."""

    method: str
    """``GET`` or ``POST``."""
    path: str
    """Starlette's form of a path: ``/api/v1/runs/{run}``."""
    id: str
    """The ``operationId``."""
    summary: str
    """One line."""
    about: str = ""
    """More lines, as Markdown."""
    tag: str
    """The group in the reference."""
    handler: Callable[[Call], Response]
    """Called in a worker thread. It raises `problems.Refusal` or an error of runner's tree."""
    scope: str = "read"
    """The scope that the caller needs: ``read``; ``submit``: the handler checks for which pipeline; empty: public."""
    submits: bool = False
    """True: each answer without a fault stands for a run that was submitted."""
    at_once: bool = False
    """True: the handler waits for nothing, and is called in the event loop. It answers even if all worker threads wait
    for the store. Only for public operations without a body."""
    parameters: tuple[Parameter, ...] = ()
    request_headers: tuple[Parameter, ...] = ()
    """Headers that the operation reads, for the document only."""
    body: Schema | None = None
    """The schema of the JSON body; None: there is no body."""
    answers: Mapping[int, Answer] = field(default_factory=dict)
    """The answers beside the problem documents, by status."""
    page: bool = False
    """True: a page for browsers. Its refusals are pages too, and the OpenAPI document does not have it."""
    refusals: tuple[int, ...] = ()
    """The statuses of problem documents beside those that every operation may have."""
