"""Secrets in lines of pip: ``--extra-index-url https://user:${TOKEN}@host/simple``.

A line keeps the name. The value is read when a program needs it, and reaches that program through its environment
alone: neither a file nor an argument holds it. What the program prints is cleaned before anything else sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote, unquote

from ..data.secret_values import SHORTEST_MASKED, unknown, value_of
from ..dataclass import dataclass, field
from ..errors import BadInput, EnvironmentFailed, Problem
from ..model.redaction import LOGIN, REFERENCE, redacted, references
from ..model.secret import SecretSource
from .uv_program import Outcome

_VARIABLE = "RUNNER_INDEX_{}"
_SAFE = "!$&'()*+,;=:%-._~"
"""Characters that a login may hold as they are (RFC 3986, 3.2.1)."""
_FIELD = re.compile(r"[?&][^\s?&#=]+=[^\s&#]*")
"""A field of the query of an address."""
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, kw_only=True)
class Opened:
    """Lines whose secrets have been read."""

    lines: tuple[str, ...]
    """The lines for uv or pip: each ``${NAME}`` names one of the variables."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The variables, for the environment of the program alone."""
    _logins: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Logins with values, and as the lines write them."""
    _values: tuple[tuple[re.Pattern[str], str], ...] = field(default=(), repr=False)
    """Patterns of values, and the references that stand for them. The longest value is the first one."""
    _names: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The names of the secrets by variable."""

    def hide(self, text: str) -> str:
        """Return a text of another program with ``${NAME}`` for each value, and ``***`` for any other login."""
        text = LOGIN.sub(lambda found: f"{found[1]}://{self._logins.get(found[2], found[2])}@", text)
        for pattern, reference in self._values:
            text = pattern.sub(reference, text)
        for variable, name in self._names.items():
            text = text.replace(f"${{{variable}}}", f"${{{name}}}")
        return redacted(text)

    def hidden(self, outcome: Outcome) -> Outcome:
        """Return the end of a run of uv without any value."""
        return replace(outcome, output=self.hide(outcome.output), lines=tuple(map(self.hide, outcome.lines)))

    def filled(self, text: str) -> str:
        """Return a line of `lines` with the values, for a request that this process makes itself."""
        return REFERENCE.sub(lambda found: self.variables.get(found[1], found[0]), text)


@dataclass(frozen=True)
class Credentials:
    """The secrets of the configuration, for lines of pip."""

    sources: Mapping[str, SecretSource] = field(default_factory=dict)

    def problems(self, lines: Iterable[str], where: str) -> tuple[Problem, ...]:
        """Return a problem for each secret that lines name and that is not configured.

        Args:
            lines: Lines of pip.
            where: The environment, for messages.

        """
        names = (name for name in references(lines) if name not in self.sources)
        return tuple(
            problem._replace(where=where) for name in names for problem in unknown(name, self.sources).problems
        )

    def without_value(self, lines: Iterable[str], where: str) -> tuple[Problem, ...]:
        """Return a problem for each configured secret that lines name and that has no value here.

        Args:
            lines: Lines of pip.
            where: The environment, for messages.

        """
        found: list[Problem] = []
        for name in references(lines):
            try:
                value_of(name, self.sources)
            except BadInput as error:
                found += error.problems if name in self.sources else ()
        return tuple(problem._replace(where=problem.where or where) for problem in found)

    def open(self, lines: Sequence[str]) -> Opened:
        """Read the secrets that lines name.

        Args:
            lines: Lines of pip.

        Raises:
            EnvironmentFailed: A secret is unknown or has no value here.

        """
        try:
            plain = {name: value_of(name, self.sources) for name in references(lines)}
        except BadInput as error:
            raise EnvironmentFailed(str(error)) from error
        variables: dict[tuple[str, Callable[[str], str]], str] = {}
        logins: dict[str, str] = {}

        def numbered(text: str, encode: Callable[[str], str]) -> str:
            """Return a text with variables. The character NUL marks each as done."""
            return REFERENCE.sub(
                lambda one: f"\0{{{variables.setdefault((one[1], encode), _VARIABLE.format(len(variables)))}}}", text
            )

        def in_login(found: re.Match[str]) -> str:
            logins[REFERENCE.sub(lambda one: _encoded(plain[one[1]]), found[2])] = found[2]
            return f"{found[1]}://{numbered(found[2], _encoded)}@"

        changed = [LOGIN.sub(in_login, line) for line in lines]
        changed = [_FIELD.sub(lambda found: numbered(found[0], _in_query), line) for line in changed]
        changed = [numbered(line, str).replace("\0", "$") for line in changed]
        names = {variable: name for (name, _), variable in variables.items()}
        values = {variable: encode(plain[name]) for (name, encode), variable in variables.items()}
        return Opened(lines=tuple(changed), variables=values, _logins=logins, _values=_hidden(plain), _names=names)


def _encoded(value: str) -> str:
    """Return a value as a part of a login. One that is percent-encoded already stays as it is."""
    return _STRAY.sub("%25", quote(value, safe=_SAFE))


def _in_query(value: str) -> str:
    """Return a value as a part of a field of a query. One that is percent-encoded already stays as it is."""
    return _STRAY.sub("%25", quote(value, safe="%"))


def _hidden(plain: Mapping[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return a pattern for each value of secrets, and the reference that stands for it.

    Args:
        plain: The values of secrets by name.

    """
    found: dict[str, str] = {}
    for name, value in plain.items():
        for form in (value, unquote(value)):
            if len(form) >= SHORTEST_MASKED:
                found.setdefault(form, f"${{{name}}}")
    return tuple((_pattern(form), found[form]) for form in sorted(found, key=len, reverse=True))


def _pattern(value: str) -> re.Pattern[str]:
    """Return a pattern of a value with any of its characters percent-encoded: programs differ in their choice."""
    forms = ((quote(one, safe=""), one) for one in value)
    return re.compile(
        "".join(re.escape(one) if coded == one else f"(?:(?i:{coded})|{re.escape(one)})" for coded, one in forms)
    )
