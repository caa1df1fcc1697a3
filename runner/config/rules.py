"""Rules that the values of configuration fields must meet beyond their types (pure).

A target's own fields have their rules in its package, made by the functions of this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..datastores import BucketConfig, WorkspaceConfig, endpoint_misfit
from ..model.compute import ComputeSettings, VmSize, misfit_of
from ..model.duration import seconds_of
from ..model.image_name import image_misfit
from ..model.reading import Checks, Wrong
from ..model.secret import SecretSource
from ..model.times import is_date
from .settings import EnvironmentConfig, KeepConfig

_BUCKET = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{1,220}[A-Za-z0-9]")
"""Of S3 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html), and what it took once and
other stores take: capital letters, underscores and up to 222 characters."""
_REGION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOKEN_FILE = re.compile(r"(/|~/).+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 30 * 86400.0
"""Seconds."""
MOST_STEPS = 10_000
"""Steps at the same time: more than any cluster starts for one run."""


def text(value: str) -> Wrong | None:
    """Refuse a text that is empty or holds control characters."""
    if not value.strip():
        return "the text is empty", "write one, or remove the field"
    if not value.isprintable():
        return f"{value!r} holds a control character", "remove it"
    return None


def optional_text(value: str) -> Wrong | None:
    """Refuse a text that holds control characters. It may be empty."""
    return text(value) if value else None


def name(value: str) -> Wrong | None:
    """Refuse what cannot name a workspace, a target or an environment."""
    return text(value) or (("the name is too long", "write at most 255 characters") if len(value) > 255 else None)


def like(pattern: re.Pattern[str], what: str, remedy: str, *, optional: bool = True) -> Callable[[str], Wrong | None]:
    """Return a rule for text.

    Args:
        pattern: The pattern that the whole text must match.
        what: The end of the message "VALUE …" about a text that does not match.
        remedy: What the user can do.
        optional: Accept the empty text as well.

    """

    def check(value: str) -> Wrong | None:
        return None if (optional and not value) or pattern.fullmatch(value) else (f"{_shown(value)} {what}", remedy)

    return check


def _shown(value: str) -> str:
    """Return the value for a message, unless it may hold a user and a password."""
    return "this" if "@" in value or "://" in value else repr(value)


def whole_number(least: int, most: int) -> Callable[[int], Wrong | None]:
    """Return a rule for whole numbers from `least` to `most`, both included."""

    def check(value: int | None) -> Wrong | None:
        fits = value is None or least <= value <= most
        return None if fits else (f"{value} is out of range", f"write a whole number from {least} to {most}")

    return check


def prefix(value: str) -> Wrong | None:
    """Refuse what cannot be the prefix of keys in a bucket."""
    parts = value.strip("/").split("/") if value.strip("/") else []
    if any(part in ("", ".", "..") or not part.isprintable() or len(part.encode()) > 255 for part in parts):
        return f"{value!r} is no prefix of keys", "write it like team/a: without empty parts, '.' and '..'"
    return ("the prefix is too long", "write at most 400 bytes") if len(value.encode()) > 400 else None


def _quantity(field: str) -> Callable[[object], Wrong | None]:
    def check(value: object) -> Wrong | None:
        wrong = misfit_of(field, str(value)) if value != "" else None
        return (f"{field} {value!r} {wrong[0]}", wrong[1]) if wrong else None

    return check


def seconds(value: float) -> Wrong | None:
    """Refuse a duration that is negative or longer than 30 days, in seconds."""
    if 0 <= value <= _LONGEST:
        return None
    return f"{value} is no number of seconds", f"write a number from 0 to {_LONGEST:.0f}"


def duration(value: str) -> Wrong | None:
    """Refuse what is no duration."""
    return None if seconds_of(value) is not None else (f"{value!r} is no duration", "write it like 90d, 12h or 30m")


def each(check: Callable[[str], Wrong | None]) -> Callable[[tuple[str, ...]], Wrong | None]:
    """Return a rule for lists of texts, which each must meet `check`."""

    def check_all(values: tuple[str, ...]) -> Wrong | None:
        return next(filter(None, map(check, values)), None)

    return check_all


def date(value: str) -> Wrong | None:
    """Refuse what is no ISO date."""
    return None if is_date(value) else (f"{value!r} is no date", "write it like 2021-06-01")


CHECKS: Checks = {
    (BucketConfig, "bucket"): like(
        _BUCKET, "is no name of a bucket", "write 3 to 63 small letters, digits, '-' and '.'", optional=False
    ),
    (BucketConfig, "endpoint"): endpoint_misfit,
    (BucketConfig, "cluster_endpoint"): lambda value: endpoint_misfit(value) if value else None,
    (BucketConfig, "prefix"): prefix,
    (BucketConfig, "region"): like(_REGION, "is no region", "write it like us-east-1", optional=False),
    (BucketConfig, "credentials"): optional_text,
    (BucketConfig, "web_identity"): like(
        _TOKEN_FILE, "is no absolute path", "write the whole path of the token file: /var/run/secrets/…/token"
    ),
    (BucketConfig, "sts_endpoint"): lambda value: endpoint_misfit(value) if value else None,
    (BucketConfig, "role"): optional_text,
    (WorkspaceConfig, "workspace"): name,
    (WorkspaceConfig, "target"): optional_text,
    (EnvironmentConfig, "image"): image_misfit,
    (EnvironmentConfig, "packages_until"): date,
    (KeepConfig, "runs"): duration,
    (KeepConfig, "last"): whole_number(0, 1_000_000),
    (KeepConfig, "tags"): each(text),
    (VmSize, "cpu"): _quantity("cpu"),
    (VmSize, "memory"): _quantity("memory"),
    (VmSize, "gpu"): whole_number(0, 1000),
    (ComputeSettings, "target"): optional_text,
    (ComputeSettings, "vm_size"): optional_text,
    (ComputeSettings, "cpu"): _quantity("cpu"),
    (ComputeSettings, "memory"): _quantity("memory"),
    (ComputeSettings, "cpu_limit"): _quantity("cpu_limit"),
    (ComputeSettings, "ephemeral_storage"): _quantity("ephemeral_storage"),
    (ComputeSettings, "gpu"): whole_number(0, 1000),
    (ComputeSettings, "max_nodes"): whole_number(1, MOST_STEPS),
    (SecretSource, "env"): like(_VARIABLE, "is no name of an environment variable", "write letters, digits and '_'"),
    (SecretSource, "file"): optional_text,
}
"""The rules by dataclass and field. A field without a rule takes every value of its type."""
