"""The options of ``runner logs`` that choose a part of the output."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from ..model.duration import seconds_of
from ..model.times import parse_time
from .numbers import whole


def describe_part(parser: ArgumentParser) -> None:
    """Add the options.

    Args:
        parser: The parser of the command.

    """
    help_ = "only the last N lines of each step; with --grep, of the lines that match; default: all"
    parser.add_argument("--tail", type=whole(0), metavar="N", help=help_)
    help_ = (
        "only output that the store has received since then: 90s, 10m, 2h, 1d, or a time as 2026-01-31T12:00:00Z. "
        "A pod sends its output every 2 seconds; the output of a step on this machine counts as a whole"
    )
    parser.add_argument("--since", type=point, metavar="TIME", help=help_)
    help_ = "only lines in which this regular expression (of Python) is found; (?i) at its beginning ignores case"
    parser.add_argument("--grep", type=pattern, metavar="PATTERN", help=help_)


def point(text: str) -> timedelta | datetime:
    """Return a time on the command line: a duration before now, or a time with its zone.

    Args:
        text: The text.

    Raises:
        ArgumentTypeError: It is neither.

    """
    seconds = seconds_of(text)
    try:
        return timedelta(seconds=seconds) if seconds is not None else parse_time(text)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(
            f"{text!r} is neither a duration such as 90s, 10m, 2h or 1d nor a time such as 2026-01-31T12:00:00Z"
        ) from None


def pattern(text: str) -> re.Pattern[str]:
    """Return a regular expression on the command line.

    Args:
        text: The text.

    Raises:
        ArgumentTypeError: It is none.

    """
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ArgumentTypeError(f"{text!r} is not a regular expression: {error}") from None


def began(since: timedelta | datetime | None, now: Callable[[], datetime]) -> float:
    """Return a time in seconds since the epoch; 0 for None.

    Args:
        since: The time, or a duration.
        now: Returns the time of the store; it is called for a duration alone.

    """
    if since is None:
        return 0.0
    if isinstance(since, datetime):
        return max(since.timestamp(), 0.0)
    try:
        return max((now().astimezone(timezone.utc) - since).timestamp(), 0.0)
    except OverflowError:  # before the first year
        return 0.0
