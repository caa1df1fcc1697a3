"""``runner gc``: list what nothing needs any more; with ``--yes``, delete it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...model.names import run_time
from ...operations.collection.collect import Findings
from ...operations.collection.verdicts import IN_PROGRESS, UNBEGUN
from ...ports import ObjectInfo
from ...wiring import OpenWorkspace, open_session
from ...wiring.collection import collector
from ...wiring.leftovers import Leftover, leftovers
from ..documents import print_json
from ..exits import DONE, FAILED
from ..formatting import day, many, size
from ..output import show, show_all, warn
from ..paint import Paint, paint_for
from ..table import Cell, table

_MOST = 20
"""The most runs that are listed one by one."""


def run(options: Namespace) -> int:
    """List what nothing needs, or delete it.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    found = collector(session, options.keep_days, options.keep_last)
    findings = found.collect() if options.yes else found.plan()
    listed, kept = findings.survey.known.listed, findings.survey.reasons
    in_progress = [run for run, reason in kept.items() if reason in (IN_PROGRESS, UNBEGUN)]
    rest = leftovers(session, in_progress, listed, delete=options.yes)
    if options.json:
        print_json(document(session, findings, rest, deleted=options.yes))
    else:
        _report(findings, rest, deleted=options.yes)
    return FAILED if findings.held or findings.problems else DONE


def _report(found: Findings, rest: Iterable[Leftover], *, deleted: bool) -> None:
    paint = paint_for(sys.stdout)
    others = tuple(rest)
    lines = [*run_lines(found, paint), *_sums(found, others)]
    kept = Counter(_kind(reason) for reason in found.survey.reasons.values())
    show_all(lines or ["nothing to delete: every run here is kept, and all else is needed"])
    if kept:
        reasons = "; ".join(f"{count} {reason}" for reason, count in kept.most_common())
        show(paint(f"kept: {many(sum(kept.values()), 'run')}: {reasons}", "dim"))
    for line in (found.held and f"no run was deleted: {found.held}; resume or cancel it, then repeat", *found.problems):
        if line:
            warn(line)
    total = found_bytes(found) + sum(each.bytes for each in others)
    if lines:
        show(
            "", f"deleted {size(total)}" if deleted else f"{size(total)}; delete it: {paint('runner gc --yes', 'cyan')}"
        )


def run_lines(found: Findings, paint: Paint) -> list[str]:
    """Return the heading and a line per run, the largest first.

    Args:
        found: The runs that can be deleted, or were.
        paint: The colours.

    """
    total = {run: tally.bytes + found.outputs[run].bytes for run, tally in found.runs.items() if run in found.outputs}
    largest = sorted(total, key=lambda run: (-total[run], run))
    rows = [[Cell(text, "dim") for text in ("run", "started", "records", "outputs")]] if largest else []
    for run in largest[:_MOST]:
        records, outputs = found.runs[run], found.outputs[run]
        rows.append(
            [
                Cell(run),
                Cell(day(run_time(run))),
                Cell(size(records.bytes), right=True),
                Cell(size(outputs.bytes), right=True),
            ]
        )
    more = len(largest) - _MOST
    return [*table(rows, paint, indent=0), *([f"… and {many(more, 'more run')}"] if more > 0 else [])]


def _sums(found: Findings, rest: tuple[Leftover, ...]) -> Iterator[str]:
    """Yield a line for each kind of thing but runs."""
    for folder, infos in by_folder(found.content).items():
        yield f"{many(len(infos), folder.rstrip('s'))} that no run names, {size(sum(info.size for info in infos))}"
    for each in rest:
        if each.count:
            yield f"{many(each.count, each.noun)}, {size(each.bytes)}"


def by_folder(infos: Iterable[ObjectInfo]) -> dict[str, list[ObjectInfo]]:
    """Return objects by the first part of their keys.

    Args:
        infos: The objects.

    """
    found: dict[str, list[ObjectInfo]] = {}
    for info in infos:
        found.setdefault(info.key.partition("/")[0], []).append(info)
    return found


def found_bytes(found: Findings) -> int:
    """Return the size of all objects of the workspace's stores that can be deleted, or were.

    Args:
        found: What was found.

    """
    tallies = (*found.runs.values(), *found.outputs.values())
    return sum(tally.bytes for tally in tallies) + sum(info.size for info in found.content)


def _kind(reason: str) -> str:
    """Return a reason without the names in it, for a count of runs."""
    for start in ("tagged", "run ", "the parent", "its outputs lie"):
        if reason.startswith(start):
            return {
                "tagged": "tagged",
                "run ": "read or reused by a kept run",
                "the parent": "parent or child of a kept run",
                "its outputs lie": "with outputs that cannot be deleted from here",
            }[start]
    return reason


def document(session: OpenWorkspace, found: Findings, rest: Iterable[Leftover], *, deleted: bool) -> dict[str, object]:
    """Return the JSON document.

    Args:
        session: The workspace.
        found: What was found.
        rest: What lies outside the stores' objects.
        deleted: True if it was deleted.

    """
    return {
        "target": session.target_in_force,
        "deleted": deleted,
        "runs": [
            {"run": run, "records": tally.bytes, "outputs": found.outputs[run].bytes if run in found.outputs else 0}
            for run, tally in found.runs.items()
        ],
        "objects": [{"key": info.key, "bytes": info.size} for info in found.content],
        "others": [{"what": each.noun, "count": each.count, "bytes": each.bytes} for each in rest],
        "kept": dict(sorted(found.survey.reasons.items())),
        "held": found.held,
        "problems": found.problems,
        "bytes": found_bytes(found),
    }
