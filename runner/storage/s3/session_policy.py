"""Session policies: the text that confines temporary keys to the places of one attempt (pure).

The text has a limit of 2,048 bytes (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html). Places
that do not fit are grouped, so the keys read more than they must: first all outputs of each step that the attempt reads
from, then of those steps' runs, then of all runs. What may be written is never grouped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...model.grants import RUNS_PLACE, Grants, narrowed

LIMIT = 2048
"""Bytes."""
_READ = ("s3:GetObject",)
_CHANGE = ("s3:PutObject", "s3:DeleteObject", "s3:*MultipartUpload*")
_NO_CHANGE = ("s3:Put*", "s3:Del*", "s3:*Multi*")
"""The denial of `_CHANGE`, and of more of its kind, in fewer bytes."""
_LIST = "s3:ListBucket"
_ARN = "arn:aws:s3:::"
_ANY_BUCKET = f"{_ARN}*"
_END = 8
"""Characters of a prefix that are enough to deny what lies below it: to deny more is no harm, and saves room."""
_RUN = re.compile(rf"^(?:runs/|(?:[^/]+/)?{RUNS_PLACE})\d{{8}}t\d{{9}}z-(?P<id>[a-z0-9]{{16}})")
"""The beginning of a place of a run, with the part of the run's id that is random."""
_ANYWHERE = "**"
"""The beginning of a pattern that needs no prefix: the random part of a run's id is nowhere else."""
if TYPE_CHECKING:
    Group = Callable[[str], str]


def policy_text(bucket: str, prefix: str, grants: Grants, until: float = 0.0) -> str:
    """Return the closest policy that fits: the first of `policy_texts`."""
    return next(policy_texts(bucket, prefix, grants, until))


def policy_texts(bucket: str, prefix: str, grants: Grants, until: float = 0.0) -> Iterator[str]:
    """Yield the policies that fit as JSON, the closest first. What they open is never less than `grants`.

    Args:
        bucket: The bucket.
        prefix: The prefix of the store in the bucket: empty, or it ends with a slash.
        grants: Patterns of keys below the prefix.
        until: Seconds since the epoch from which nothing is open any more. Default: 0, the keys' own end.

    Raises:
        BadInput: Each text is too long, even if the places are grouped: the prefix is, or too much is to be written.
    """
    texts = dict.fromkeys(_text(bucket, prefix, _grouped(grants, *groups), until) for groups in _GROUPS)
    fitting = [text for text in texts if len(text.encode()) <= LIMIT]
    if not fitting:
        raise BadInput(
            f"the policy of keys that open a part of bucket {bucket!r} is too long: it would have "
            f"{min(len(text.encode()) for text in texts)} bytes, and a server takes {LIMIT}; the store's prefix "
            f"({prefix!r}) is in it several times, and each place that the step writes",
            remedy="give the store a shorter prefix or the step fewer writable inputs, or set `credentials: static`",
        )
    yield from fitting


def _text(bucket: str, prefix: str, grants: Grants, until: float) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": list(_statements(bucket, prefix, grants, until))},
        separators=(",", ":"),
    )


def _statements(bucket: str, prefix: str, grants: Grants, until: float) -> Iterator[dict[str, object]]:
    arn = f"{_ARN}{bucket}"
    start = _plain(prefix)

    def below(pattern: str) -> str:
        """Return the pattern below the store's prefix, or anywhere in the bucket."""
        return pattern[1:] if pattern.startswith(_ANYWHERE) else start + pattern

    def allowed(actions: Iterable[str], patterns: Iterable[str]) -> Iterator[dict[str, object]]:
        if resources := [f"{arn}/{below(pattern)}" for pattern in patterns]:
            yield {"Effect": "Allow", "Action": list(actions), "Resource": resources}

    def denied(actions: Iterable[str], patterns: Iterable[str]) -> Iterator[dict[str, object]]:
        if resources := [f"{_ARN}{_end(f'{bucket}/{start}')}{pattern}" for pattern in patterns]:
            yield {"Effect": "Deny", "Action": list(actions), "Resource": resources}

    def listing(effect: str, condition: dict[str, object]) -> dict[str, object]:
        place = arn if effect == "Allow" else _ANY_BUCKET
        return {"Effect": effect, "Action": [_LIST], "Resource": [place], "Condition": condition}

    yield from allowed(_READ, grants.reads)
    yield from allowed(_READ + _CHANGE, grants.writes)
    if grants.lists:
        yield listing("Allow", {"StringLike": {"s3:prefix": [below(pattern) for pattern in grants.lists]}})
    if grants.levels:
        names = [start + level for level in grants.levels]
        yield listing("Allow", {"StringEquals": {"s3:prefix": names, "s3:delimiter": "/"}})
    yield from denied(("s3:*",), grants.closed)
    yield from denied(_NO_CHANGE, (*grants.fixed, *grants.kept))
    if hidden := [one for one in (*grants.closed, *grants.fixed, *grants.unlisted) if one.endswith("*")]:
        yield listing("Deny", {"StringLike": {"s3:prefix": [_end(start) + pattern for pattern in hidden]}})
    if grants.stepwise:
        places = [_end(start) + folder for folder in grants.stepwise]
        condition: dict[str, object] = {
            "StringLike": {"s3:prefix": [f"{place}*" for place in places]},
            "StringNotLike": {"s3:prefix": [f"{place}*/*" for place in places]},
            "StringNotEquals": {"s3:delimiter": "/"},
        }
        yield listing("Deny", condition)
    # MinIO lets the owner of keys make more keys of the same user; nothing else refuses that to temporary ones.
    yield {"Effect": "Deny", "Action": ["admin:*"], "Resource": [_ANY_BUCKET]}
    if until:
        moment = datetime.fromtimestamp(until, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        late = {"DateGreaterThanEquals": {"aws:CurrentTime": moment}}
        yield {"Effect": "Deny", "Action": ["s3:*"], "Resource": [_ANY_BUCKET], "Condition": late}


def _grouped(grants: Grants, read: Group, listed: Group) -> Grants:
    """Return the grants with what may be read and listed grouped."""

    def of(patterns: Iterable[str], group: Group) -> tuple[str, ...]:
        return narrowed(group(_plain(pattern)) for pattern in patterns)

    return replace(
        grants, reads=of(grants.reads, read), writes=of(grants.writes, _exact), lists=of(grants.lists, listed)
    )


def _exact(pattern: str) -> str:
    return pattern


def _short(pattern: str) -> str:
    """Return the pattern from the random part of the run's id on. It says as much, and more of them fit."""
    found = _RUN.match(pattern)
    return f"{_ANYWHERE}{found['id']}{pattern[found.end() :]}" if found else pattern


def _of_step(pattern: str) -> str:
    step, slash, _ = _short(pattern).partition("/")
    return f"{step}/*" if slash and _RUN.match(pattern) else pattern


def _of_run(pattern: str) -> str:
    found = _RUN.match(pattern)
    # The separator tells outputs of a run (``azureml/<run>.<step>/``) from its records (``runs/<run>/``).
    return f"{_ANYWHERE}{found['id']}{pattern[found.end()]}*" if found else pattern


def _of_runs(pattern: str) -> str:
    before, found, _ = pattern.partition(RUNS_PLACE)
    return f"{before}{found}*" if found and _RUN.match(pattern) else pattern


_GROUPS = ((_exact, _exact), (_short, _of_run), (_of_step, _of_run), (_of_run, _of_run), (_of_runs, _of_runs))
"""The ways to group places to read and to list; the first one that fits is taken."""


def _end(start: str) -> str:
    return start if len(start) <= _END else f"*{start[-_END:]}"


def _plain(pattern: str) -> str:
    """Return the pattern without ``${``, which begins a variable. ``?`` stands for any character, ``*`` for any text.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    return re.sub(r"\*+", "*", pattern.replace("${", "?{"))
