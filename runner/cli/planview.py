"""The text of ``runner plan`` (pure)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from ..operations.preview import PlannedEnvironment, PlannedStep, Preview
from .formatting import clip, many, size
from .paint import Paint
from .table import Cell, Row, table

_NEEDS = 60
"""Columns for what an environment is made of."""
_NAMES = 40
_UPLOADS = 12
_INPUTS = 40
"""Rows of inputs; `runner plan --json` has all."""


def plan_view(found: Preview, paint: Paint, here: str) -> list[str]:
    """Steps in order, what each waits for, environments, uploads."""
    where = ", ".join(dict.fromkeys(step.target for step in found.steps))
    shown = [step for step in found.steps if not step.trial_of]
    trials = len(found.steps) - len(shown)
    size = many(len(shown), "step") + (f", {many(trials, 'trial')}" if trials else "")
    out = [f"{paint(found.experiment, 'bold')}  {size} on {where}", ""]
    names = {step.key: step.name for step in found.steps}
    first = {step.trial_of: step for step in reversed(found.steps) if step.trial_of}
    out += table([_step(at, step, first.get(step.key), names) for at, step in enumerate(shown, 1)], paint)
    inputs = list(_inputs(found))
    if inputs:
        out += ["", paint("inputs", "bold"), *table(inputs, paint)]
    if found.parameters:
        rows = [[Cell(name), Cell(str(value), "bold")] for name, value in found.parameters.items()]
        out += ["", paint("parameters", "bold"), *table(rows, paint)]
    policies = list(_policies(found))
    if policies:
        out += ["", paint("policies", "bold"), *table(policies, paint)]
    if found.environments:
        out += ["", paint("environments", "bold"), *table([_environment(each) for each in found.environments], paint)]
    out += ["", paint("uploads", "bold"), *_uploads(found, paint, here)]
    return [*out, "", paint("nothing was changed", "dim")]


def _policies(found: Preview) -> Iterator[Row]:
    """Yield the policies that differ from the default: of the run, then of the steps."""
    if found.policy:
        yield [Cell("the run"), Cell(_said(found.policy), "bold")]
    alike: dict[str, list[str]] = {}
    for step in found.steps:
        said = _said({**({"always": "true"} if step.always else {}), **step.resources, **step.policy})
        said = ", ".join(filter(None, (step.workers, said)))
        if said:
            alike.setdefault(said, []).append(step.name)
    for said, names in alike.items():
        whole = len(names) == len(found.steps) and len(names) > 1
        yield [Cell("every step" if whole else clip(", ".join(names), _NAMES)), Cell(said, "bold")]


def _said(words: Mapping[str, str | float]) -> str:
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in words.items()
    )


def _step(at: int, step: PlannedStep, trial: PlannedStep | None, names: Mapping[str, str]) -> list[Cell]:
    """Return the row of a step; a search has the script of its `trial` and waits for what that waits for."""
    waits = ", ".join(names[key] for key in (trial or step).waits_for)
    if step.always and len(step.waits_for) > 1:
        waits = f"{many(len(step.waits_for), 'step')}, however they end"
    return [
        Cell(str(at), "dim", right=True),
        Cell(step.name),
        Cell(step.script),
        Cell(step.target, "dim"),
        Cell(f"after {waits}" if waits else "at once", "" if waits else "green"),
        *([Cell(step.search, "bold")] if step.search else []),
    ]


def _inputs(found: Preview) -> Iterator[Row]:
    """Yield the way in which each step gets each of its inputs; those of all trials are alike, so once per search."""
    names = {step.key: step.name for step in found.steps}
    pairs = ((names[step.trial_of or step.key], one) for step in found.steps for one in step.inputs)
    rows = list(dict.fromkeys(pairs))
    for step, one in rows[:_INPUTS]:
        known = "" if one.bytes is None else size(one.bytes)
        style = "green" if one.delivery == "mount" else ""
        yield [Cell(step), Cell(one.name), Cell(one.delivery, style), Cell(known, right=True), Cell(one.reason, "dim")]
    if len(rows) > _INPUTS:
        yield [Cell(f"and {len(rows) - _INPUTS} more", "dim")]


def _environment(each: PlannedEnvironment) -> list[Cell]:
    there = Cell(f"found: {each.reference}", "green")
    made = Cell(f"to be made of {clip(', '.join(each.needs), _NEEDS) or 'nothing special'}", "yellow")
    return [Cell(each.name), Cell(each.target, "dim"), there if each.reference else made]


def _uploads(found: Preview, paint: Paint, here: str) -> list[str]:
    if not found.uploads:
        return ["  nothing: the store has it all"]
    rows = [
        [Cell(_shown(upload.name, here)), Cell(size(upload.bytes), right=True)] for upload in found.uploads[:_UPLOADS]
    ]
    if len(found.uploads) > _UPLOADS:
        rest = found.uploads[_UPLOADS:]
        rows.append([Cell(f"and {len(rest)} more", "dim"), Cell(size(sum(each.bytes for each in rest)), right=True)])
    if len(found.uploads) > 1:
        total = sum(each.bytes for each in found.uploads)
        rows.append([Cell("together", "dim"), Cell(size(total), "bold", right=True)])
    return table(rows, paint)


def _shown(name: str, here: str) -> str:
    if not name.startswith("/"):
        return name
    relative = os.path.relpath(name, here)
    return f"scripts of {name if relative.startswith('..') else relative}"
