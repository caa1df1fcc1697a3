"""Parse overrides of policies, resources and placement as people write them.

A step, a pipeline, a target and the command line take the same overrides with the same checks.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from ..dataclass import dataclass, field
from ..errors import Problem
from .access import Access
from .compute import ResourceRequest, misfit_of
from .duration import seconds_of
from .nodes import plain
from .placement import Placement
from .policy import RunPolicy, StepPolicy, merge_policies, merge_run_policies
from .reading import DecodeError, FieldReaders, Reader, fault
from .times import is_date
from .toleration import misfits

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class PolicyOverrides:
    """The overrides of one source. None or an empty value means "not stated"."""

    policy: StepPolicy = field(default_factory=StepPolicy)
    run: RunPolicy = field(default_factory=RunPolicy)
    request: ResourceRequest = field(default_factory=ResourceRequest)
    placement: Placement = field(default_factory=Placement)
    access: Access = field(default_factory=Access)
    always: bool | None = None
    continue_on_failure: bool | None = None
    packages_until: str = ""
    """ISO date that limits the packages of all environments; the command line alone states it."""

    def before(self, other: PolicyOverrides) -> PolicyOverrides:
        """Return both merged; the overrides of this one take precedence."""
        return PolicyOverrides(
            policy=merge_policies(self.policy, other.policy),
            run=merge_run_policies(self.run, other.run),
            request=self.request.before(other.request),
            placement=self.placement.over(other.placement),
            access=self.access.joined(other.access),
            always=other.always if self.always is None else self.always,
            continue_on_failure=other.continue_on_failure
            if self.continue_on_failure is None
            else self.continue_on_failure,
            packages_until=self.packages_until or other.packages_until,
        )


NO_OVERRIDES = PolicyOverrides()
"""No overrides."""


class InvalidValue(ValueError):
    """A value that cannot be parsed: what is wrong, and the remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def count(value: object) -> int:
    """Return a whole number, 0 or more. Raises InvalidValue."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d+\s*", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise InvalidValue("is no whole number of 0 or more", "write 0, 1, 2, …")


def duration(value: object) -> float:
    """Return seconds, 0 or more. Raises InvalidValue."""
    found: float | None = None
    if isinstance(value, timedelta):
        found = value.total_seconds()
    elif isinstance(value, str):
        found = seconds_of(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found = float(value)
    if found is None or not math.isfinite(found) or found < 0:
        raise InvalidValue(
            "is no length of time", "write it like 90s, 15m or 2h; a bare number is seconds, 0 is no limit"
        )
    return found


def factor(value: object) -> float:
    """Return 0, or a number above 1. Raises InvalidValue."""
    found = -1.0
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        try:
            found = float(value)
        except ValueError:
            found = -1.0
    if not math.isfinite(found) or not (found == 0 or found > 1):
        raise InvalidValue("would not give more memory", "write a number above 1, like 2 (0: no further attempt)")
    return found


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidValue("is neither true nor false", "write true or false")


def _quantity(name: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            text = str(value).strip()
            wrong = misfit_of(name, text)
            if wrong is None:
                return text
            raise InvalidValue(*wrong)
        raise InvalidValue("is no quantity", "write it like 2 or 500m (cpu), 512Mi or 4Gi (memory)")

    return read


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise InvalidValue("is no text", "write a name")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise InvalidValue("is no list of names", "write a list: [name]")


def _names(value: object) -> tuple[str, ...]:
    """Return the names of a list, or of one text with commas as on a command line."""
    parts = value.split(",") if isinstance(value, str) else value
    if isinstance(parts, (list, tuple)) and all(isinstance(each, str) and each.strip() for each in parts):
        return tuple(sorted({each.strip() for each in parts}))
    raise InvalidValue("is no list of names", "write a list: [name], or name,name on the command line")


def _date(value: object) -> str:
    if isinstance(value, str) and is_date(value):
        return value
    raise InvalidValue("is no date", "write it like 2021-06-01")


def _labels(value: object) -> Mapping[str, str]:
    if isinstance(value, Mapping) and all(isinstance(part, str) for pair in value.items() for part in pair):
        return dict(value)
    raise InvalidValue("is no mapping of texts", 'write labels with their values: {"pool": "batch"}')


def _tolerations(value: object) -> tuple[Mapping[str, str | int], ...]:
    if not isinstance(value, (list, tuple)):
        raise InvalidValue("is no list of tolerations", 'write a list: [{"key": "spot", "operator": "Exists"}]')
    for number, each in enumerate(value):
        for what, remedy in misfits(each):
            raise InvalidValue(f"[{number}] {what}", remedy)
    return tuple(value)


READERS: Mapping[str, Callable[[object], object]] = {
    "retries": count,
    "infrastructure_retries": count,
    "disruption_retries": count,
    "retry_oom": factor,
    "backoff": duration,
    "queue_timeout": duration,
    "start_timeout": duration,
    "run_timeout": duration,
    "deadline": duration,
    "max_parallel": count,
    "cpu": _quantity("cpu"),
    "memory": _quantity("memory"),
    "gpu": count,
    "cpu_limit": _quantity("cpu_limit"),
    "ephemeral_storage": _quantity("ephemeral_storage"),
    "node_selector": _labels,
    "tolerations": _tolerations,
    "service_account": _text,
    "image_pull_secrets": _texts,
    "secrets": _names,
    "datastores": _names,
    "always": _flag,
    "continue_on_failure": _flag,
    "packages_until": _date,
}
"""The parser of each override, by its name; each raises InvalidValue."""
DURATIONS = frozenset(name for name, reader in READERS.items() if reader is duration)


def parse_overrides(
    given: Mapping[str, object], where: Callable[[str], str]
) -> tuple[PolicyOverrides, tuple[Problem, ...]]:
    """Parse overrides.

    Args:
        given: The values by name, as a user wrote them. None means "not stated".
        where: Returns the place of an override, by its name, for messages.

    Returns:
        The overrides and the list of problems.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        if value is None:
            continue
        try:
            values[name] = READERS[name](value)
        except InvalidValue as unfit:
            problems.append(Problem(f"{_shown(name, value)} {unfit}", where(name), unfit.remedy))
    found = PolicyOverrides(
        policy=_part(values, StepPolicy),
        run=_part(values, RunPolicy),
        request=_part(values, ResourceRequest),
        placement=_part(values, Placement),
        access=_part(values, Access),
        always=values.get("always"),
        continue_on_failure=values.get("continue_on_failure"),
        packages_until=values.get("packages_until", ""),
    )
    return found, tuple(problems)


def parsed(name: str) -> Callable[[Reader], Reader]:
    """Return what reads a field as `READERS` do, in place of the reader of its type."""

    def read(document: object) -> object:
        value = plain(document)
        try:
            return READERS[name](value)
        except InvalidValue as error:
            raise DecodeError([fault(document, f"{_shown(name, value)} {error}", error.remedy)]) from error

    return lambda _: read


def field_readers(*shapes: type) -> FieldReaders:
    """Return the readers of all fields of `StepPolicy`, `RunPolicy`, `ResourceRequest` or `Access`."""
    return {(shape, name): parsed(name) for shape in shapes for name in fields_of(shape)}


def fields_of(shape: type) -> tuple[str, ...]:
    """Return the names of the overrides that belong to one field of `PolicyOverrides`."""
    return tuple(field.name for field in dataclasses.fields(shape))


def _part(values: Mapping[str, Any], shape: type[T]) -> T:
    return shape(**{name: values[name] for name in fields_of(shape) if name in values})


def _shown(name: str, value: object) -> str:
    plain = isinstance(value, (str, int, float))
    return f"{name} {value!r}" if plain else name
