"""Decide for each run of a workspace why it is kept (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone

from ...dataclass import dataclass
from ...model.keep_rule import KeepRule
from ...model.names import run_time, short
from .listed import ListedRun
from .mentions import Mentions

QUIET = timedelta(hours=1)
"""A run in which anything was written less than this ago is kept: an attempt may still be ending, or a user at work."""
IN_PROGRESS = "in progress"
UNBEGUN = "its submission has not ended"


@dataclass(frozen=True, kw_only=True)
class Known:
    """The facts and the rule that decide on the runs of a workspace."""

    rule: KeepRule
    now: datetime
    """The time by the store's clock."""
    listed: Mapping[str, ListedRun]
    ends: Mapping[str, datetime]
    """The end of each run that has ended."""
    parents: Mapping[str, str]
    """The parent of each run that has one."""


def by_themselves(known: Known) -> dict[str, str]:
    """Return the reason of each run that is kept whatever refers to it, tags aside.

    The newest run has the greatest id.
    """
    begun = [run for run in sorted(known.listed, reverse=True) if known.listed[run].begun]
    newest = frozenset(begun[: known.rule.last])
    reasons = {run: _own_reason(known, one, newest) for run, one in known.listed.items()}
    return {run: reason for run, reason in reasons.items() if reason}


def _own_reason(known: Known, one: ListedRun, newest: frozenset[str]) -> str:
    if not one.begun:
        return UNBEGUN
    if one.run not in known.ends:
        return IN_PROGRESS
    if one.kept:
        return "kept by runner keep"
    if one.run in newest:
        return f"among the newest {known.rule.last} runs"
    # The clock of the machine that wrote the journal may have been wrong; the store's own times are not.
    last = max(known.ends[one.run], run_time(one.run), _time(one.journaled))
    if known.now - last < known.rule.age:
        return "ended within the time for which runs are kept"
    if not one.modified or known.now - _time(one.modified) < QUIET:
        return "written to within the last hour"
    return ""


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def with_families(known: Known, reasons: Mapping[str, str]) -> dict[str, str]:
    """Return the reasons with those of the parents and children of kept runs."""
    out = dict(reasons)
    relatives: dict[str, list[str]] = {}
    for child, parent in known.parents.items():
        relatives.setdefault(child, []).append(parent)
        relatives.setdefault(parent, []).append(child)
    waiting = [run for run in relatives if run in out]
    while waiting:
        run = waiting.pop()
        for other in relatives[run]:
            if other in known.listed and other not in out:
                out[other] = f"the parent or a child of run {short(run)}, which is kept"
                waiting.append(other)
    return out


def with_references(
    known: Known, reasons: Mapping[str, str], said: Mapping[str, Mentions], anchors: Iterable[tuple[str, Mentions]]
) -> dict[str, str]:
    """Return the reasons with those of runs that others refer to.

    Args:
        known: The runs.
        reasons: The reasons of the runs that are kept whatever refers to them.
        said: What these runs refer to. What is kept for their sake keeps nothing else, so that a chain of runs, each of
            which reads the outputs of the one before, does not stay for ever.
        anchors: What keeps runs and is no run: its noun and what it refers to.

    """
    out = dict(reasons)
    for noun, mention in anchors:
        for run in mention.runs:
            if run in known.listed:
                out.setdefault(run, f"{noun} refers to it")
        if mention.every_output:
            out.update({run: f"{noun} covers the outputs of all runs" for run in known.listed if run not in out})
    for run, mention in said.items():
        for maker in mention.makers:
            if maker in known.listed and maker != run:
                out.setdefault(maker, f"run {short(run)} reads or reuses its outputs")
        if mention.every_output:
            covered = f"an input of run {short(run)} covers the outputs of all runs"
            out.update({other: covered for other in known.listed if other not in out})
    return out
