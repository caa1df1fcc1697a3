"""What is said in one place of further attempts, limits, resources and placement; and reading it as people write it.

One place: a step, a pipeline, a target, or the command line. All of them take the same words with the same checks.
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
from .compute import Wish, misfit_of
from .duration import seconds_of
from .placement import Placement
from .policy import RunPolicy, StepPolicy, first_stated, first_stated_for_run
from .toleration import misfits

T = TypeVar("T")


@dataclass(frozen=True)
class Stated:
    """The words of one place. What is None or empty is not said."""

    policy: StepPolicy = field(default_factory=StepPolicy)
    run: RunPolicy = field(default_factory=RunPolicy)
    wish: Wish = field(default_factory=Wish)
    placement: Placement = field(default_factory=Placement)
    access: Access = field(default_factory=Access)
    always: bool | None = None
    continue_on_failure: bool | None = None

    def before(self, other: Stated) -> Stated:
        """Both, where these words go before those of `other`."""
        return Stated(
            first_stated(self.policy, other.policy),
            first_stated_for_run(self.run, other.run),
            self.wish.before(other.wish),
            self.placement.over(other.placement),
            self.access.joined(other.access),
            other.always if self.always is None else self.always,
            other.continue_on_failure if self.continue_on_failure is None else self.continue_on_failure,
        )


NOTHING = Stated()
"""Nothing is said."""


class Unfit(ValueError):
    """A value that is none of its kind: what is wrong, in words that follow it, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def count(value: object) -> int:
    """A whole number, 0 or more. Raises Unfit."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d+\s*", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise Unfit("is no whole number of 0 or more", "write 0, 1, 2, …")


def duration(value: object) -> float:
    """Seconds, 0 or more. Raises Unfit."""
    found: float | None = None
    if isinstance(value, timedelta):
        found = value.total_seconds()
    elif isinstance(value, str):
        found = seconds_of(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found = float(value)
    if found is None or not math.isfinite(found) or found < 0:
        raise Unfit("is no length of time", "write it like 90s, 15m or 2h; a bare number is seconds, 0 is no limit")
    return found


def factor(value: object) -> float:
    """0, or a number above 1. Raises Unfit."""
    found = -1.0
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        try:
            found = float(value)
        except ValueError:
            found = -1.0
    if not math.isfinite(found) or not (found == 0 or found > 1):
        raise Unfit("would not give more memory", "write a number above 1, like 2 (0: no further attempt)")
    return found


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Unfit("is neither true nor false", "write true or false")


def _quantity(name: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            text = str(value).strip()
            wrong = misfit_of(name, text)
            if wrong is None:
                return text
            raise Unfit(*wrong)
        raise Unfit("is no quantity", "write it like 2 or 500m (cpu), 512Mi or 4Gi (memory)")

    return read


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise Unfit("is no text", "write a name")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise Unfit("is no list of names", "write a list: [name]")


def _names(value: object) -> tuple[str, ...]:
    """A list, or one text with commas as a command line has it."""
    parts = value.split(",") if isinstance(value, str) else value
    if isinstance(parts, (list, tuple)) and all(isinstance(each, str) and each.strip() for each in parts):
        return tuple(sorted({each.strip() for each in parts}))
    raise Unfit("is no list of names", "write a list: [name], or name,name on the command line")


def _labels(value: object) -> Mapping[str, str]:
    if isinstance(value, Mapping) and all(isinstance(part, str) for pair in value.items() for part in pair):
        return dict(value)
    raise Unfit("is no mapping of texts", 'write labels with their values: {"pool": "batch"}')


def _tolerations(value: object) -> tuple[Mapping[str, str | int], ...]:
    if not isinstance(value, (list, tuple)):
        raise Unfit("is no list of tolerations", 'write a list: [{"key": "spot", "operator": "Exists"}]')
    for number, each in enumerate(value):
        for what, remedy in misfits(each):
            raise Unfit(f"[{number}] {what}", remedy)
    return tuple(value)


READERS: Mapping[str, Callable[[object], object]] = {
    "retries": count,
    "infrastructure_retries": count,
    "disruption_retries": count,
    "oom_factor": factor,
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
}
"""Every word by its field's name; each raises Unfit."""
DURATIONS = frozenset(name for name, reader in READERS.items() if reader is duration)


def stated(given: Mapping[str, object], where: Callable[[str], str]) -> tuple[Stated, tuple[Problem, ...]]:
    """What is said, and all that is wrong with it. None is not said. `where`: the place of a word, by its name."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        if value is None:
            continue
        try:
            values[name] = READERS[name](value)
        except Unfit as unfit:
            problems.append(Problem(f"{_shown(name, value)} {unfit}", where(name), unfit.remedy))
    found = Stated(
        _part(values, StepPolicy),
        _part(values, RunPolicy),
        _part(values, Wish),
        _part(values, Placement),
        _part(values, Access),
        values.get("always"),
        values.get("continue_on_failure"),
    )
    return found, tuple(problems)


def fields_of(shape: type) -> tuple[str, ...]:
    """The words that a part of `Stated` has."""
    return tuple(field.name for field in dataclasses.fields(shape))


def _part(values: Mapping[str, Any], shape: type[T]) -> T:
    return shape(**{name: values[name] for name in fields_of(shape) if name in values})


def _shown(name: str, value: object) -> str:
    plain = isinstance(value, (str, int, float))
    return f"{name} {value!r}" if plain else name
