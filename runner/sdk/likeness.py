"""When two things that a step is given under one name are one (pure)."""

from __future__ import annotations

from .flow import Consumed, Output
from .parameter import PipelineParameter


def agree(known: PipelineParameter, other: PipelineParameter) -> bool:
    """Whether both have the same default; 1 and True are two."""
    defaults = known.default_value, other.default_value
    return known is other or (type(defaults[0]) is type(defaults[1]) and defaults[0] == defaults[1])


def same_origin(known: Consumed, other: Consumed) -> bool:
    """Whether both read the same data."""
    if isinstance(known.origin, (Output, PipelineParameter)) or isinstance(other.origin, (Output, PipelineParameter)):
        return known.origin is other.origin
    return known.origin == other.origin


def same(known: Consumed, other: Consumed) -> bool:
    """Whether both mean one input: the same data in the same way."""
    alike = same_origin(known, other) and same_rows(known, other)
    ways = [(one.mode, one.path_on_compute, one.writable, one.keep_existing) for one in (known, other)]
    return known is other or (alike and ways[0] == ways[1])


def same_rows(known: Consumed, other: Consumed) -> bool:
    """Whether they are not two parts of one output, as a split makes them."""
    views = [one.view.transforms for one in (known, other) if one.view is not None]
    return len(views) < 2 or views[0] == views[1]
