"""Parallel calls that fail together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")


def all_of(calls: Sequence[Future[T]]) -> list[T]:
    """Return the results in order. After a failure cancel the calls that wait, await the others, and raise it."""
    from concurrent.futures import FIRST_EXCEPTION, wait  # only large transfers need it

    try:
        wait(calls, return_when=FIRST_EXCEPTION)
    finally:
        begun = [call for call in calls if not call.cancel()]
        wait(begun)
    return [call.result() for call in begun]
