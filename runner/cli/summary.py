"""The summary of a run at its end, and of ``runner status`` (pure)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ..model.names import short
from ..model.printable import continued, remedy_lines
from ..operations.after_run import FAILED, LEFT, Outcome, line
from ..operations.metrics import Metric
from ..operations.report import OutputReport, RunReport, StepReport
from ..operations.run_words import TAIL, TROUBLED, origin_facts, value_text
from ..operations.run_words import troubled as troubled_steps
from ..operations.step_status import class_text
from ..operations.workers import worker_named
from .formatting import clip, duration, many, size
from .paint import Paint
from .status_style import sign, style
from .table import Cell, table

_OUTPUTS = 6
"""Outputs shown at most: the last ones, which are the results."""
_METRICS = 20
_VALUES = 100
"""Columns for the values of parameters; `runner show` has all."""
_SAME_CODE = "  (with the run's code)"
_NEW_CODE = "  (unchanged steps are reused)"


def summary(report: RunReport, paint: Paint, hint: str = "", here: str = "") -> list[str]:
    """The run's end, steps, outputs, metrics, warnings, slowest part and where to look further.

    `hint` is what a command needs to reach the same store (`` --target kind``); paths below the
    folder `here` are shown relative to it.
    """
    shown = [step for step in report.steps if not step.trial_of]
    out = [headline(report, paint), *_facts(report, paint), "", *step_table(shown, paint)]
    for title, lines in (
        ("outputs", _outputs(shown, paint, here)),
        ("metrics", _metrics(shown, paint)),
        ("warnings", _warnings(report, paint)),
        ("after the run", after_lines(report.after, paint)),
    ):
        if lines:
            out += ["", paint(title, "bold"), *lines]
    troubled = troubled_steps(report.steps)
    for step in troubled[:TROUBLED]:
        wait = [*continued(f"{step.name} {step.status}: ", step.reason), *remedy(step, paint)]
        out += ["", *(failure(step, paint) if step.status == "failed" else wait)]
    if len(troubled) > TROUBLED:
        more = f"and {len(troubled) - TROUBLED} more; each in full: runner show {short(report.run)} STEP{hint}"
        out += ["", paint(more, "dim")]
    out += ["", *_pointers(report, paint, hint)]
    return out


def headline(report: RunReport, paint: Paint) -> str:
    """State, experiment, size, time and id in one line."""
    mark = sign(report.status, paint)
    state = paint(f"{mark} {report.status}" if mark else report.status, f"bold {style(report.status)}".strip())
    spent = f" in {duration(report.seconds)}" if report.ended else f", {duration(report.seconds)} so far"
    trials = sum(bool(step.trial_of) for step in report.steps)
    steps = many(len(report.steps) - trials, "step") + (f", {many(trials, 'trial')}" if trials else "")
    facts = f"{report.experiment}, {steps}{spent}"
    return f"{state}  {facts}  {paint(report.run, 'dim')}"


def _facts(report: RunReport, paint: Paint) -> Iterator[str]:
    """Yield lines about the origin of the run, its parameters and a passed deadline."""
    for name, text in origin_facts(report.submitted):
        yield paint(f"  {name} {text}", "dim")
    if report.parameters:
        said = ", ".join(f"{name}={value_text(value)}" for name, value in report.parameters.items())
        yield paint(f"  parameters {clip(said, _VALUES)}", "dim")
    if report.origin:
        yield paint(f"  retry of {report.origin}", "dim")
    if report.overdue:
        yield paint(f"  {report.overdue}", "yellow")


def after_lines(found: Sequence[Outcome], paint: Paint) -> list[str]:
    """Return what became of the actions at the end of a run: a line for each, and the remedies of those that failed."""
    lines: list[str] = []
    for outcome in found:
        bad = outcome.state in (FAILED, LEFT)
        lines.append(paint(f"  {line(outcome)}", "yellow" if bad else ""))
        lines += [f"  {each}" for each in remedy_lines(outcome.remedy if bad else "", paint("do:", "dim"))]
    return lines


def step_table(steps: Sequence[StepReport], paint: Paint) -> list[str]:
    """One line per step: name, state, time, reason."""
    return table([_row(step, paint) for step in steps], paint)


def failure(step: StepReport, paint: Paint) -> list[str]:
    """Return the reason, remedy and class of a failure, and the last lines of the step's output."""
    first, *rest = continued("", step.reason)
    lines = [paint(f"{step.name} failed: {first}", "red"), *rest, *remedy(step, paint)]
    lines.append(f"  {paint('class:', 'dim')} {class_text(step.failure, step.attempt, step.attempts)}")
    tail = step.tail.splitlines()[-TAIL:]
    if tail:
        lines.append(paint("its last lines:", "dim"))
        lines += [f"  {paint('│', 'red')} {line}".rstrip() for line in tail]
    return lines


def remedy(step: StepReport, paint: Paint) -> list[str]:
    """Return the remedy on a line of its own, if one is known."""
    return [*remedy_lines(step.remedy, paint("do:", "dim"))]


def metric_text(metric: Metric) -> str:
    """A metric's newest value in one line."""
    value = metric.value
    if metric.kind == "scalar":
        shown = f"{value:.6g}" if isinstance(value, float) else str(value)
        return f"{shown}  (last of {metric.count})" if metric.count > 1 else shown
    more = f"{metric.kind}, {many(metric.count, 'time')} logged"
    return f"{clip(str(value), 60)}  ({more})" if not isinstance(value, dict) else f"({more})"


def place(output: OutputReport, here: str) -> str:
    """The path of an output as one would type it here; empty for a bucket's."""
    if not output.path or not here:
        return output.path
    relative = os.path.relpath(output.path, here)
    return output.path if relative.startswith("..") else relative


def _row(step: StepReport, paint: Paint) -> list[Cell]:
    return [
        Cell(sign(step.status, paint), style(step.status)),
        Cell(step.name),
        Cell(step.status, style(step.status)),
        Cell(duration(step.seconds), right=True),
        Cell(" ".join(step.reason.partition("\n")[0].split()), "dim"),  # all of it stands below, where it failed
    ]


def _outputs(steps: Sequence[StepReport], paint: Paint, here: str) -> list[str]:
    found = [(step, output) for step in steps for output in step.outputs]
    lines: list[str] = []
    for step, output in found[-_OUTPUTS:]:
        amount = f"{many(output.files, 'file')}, {size(output.bytes)}"
        lines.append(f"  {step.name}: {output.name}  {paint(amount, 'dim')}")
        lines.append(f"    {output.datastore}/{output.key}")
        if shown := place(output, here):
            lines.append(f"    {shown}")
    if len(found) > _OUTPUTS:
        lines.append(paint(f"  and {len(found) - _OUTPUTS} of earlier steps", "dim"))
    return lines


def _metrics(steps: Sequence[StepReport], paint: Paint) -> list[str]:
    rows = [
        [Cell(step.name, "dim"), Cell(metric.name), Cell(metric_text(metric), "bold")]
        for step in steps
        for metric in step.metrics
    ]
    lines = table(rows[:_METRICS], paint)
    return lines + [paint(f"  and {len(rows) - _METRICS} more", "dim")] * (len(rows) > _METRICS)


def _warnings(report: RunReport, paint: Paint) -> list[str]:
    return [paint(f"  {step.name}: {text}", "yellow") for step in report.steps for text in step.warnings]


def _pointers(report: RunReport, paint: Paint, hint: str) -> Iterator[str]:
    slow = report.slowest
    for search in dict.fromkeys(step.trial_of for step in report.steps if step.trial_of):
        yield "trials   " + paint(f"runner show {short(report.run)} {search}{hint}", "cyan")
    for each in report.environments:
        if each.seconds is not None:
            yield f"made     environment {each.name}, {duration(each.seconds)}"
    if slow is not None:
        yield f"slowest  {slow.name}, {duration(slow.seconds)}{_phases(slow.inputs, slow.script, slow.outputs)}"
    failed = next((step for step in report.steps if step.status == "failed"), None)
    step = failed.key if failed else (slow.key if slow else "")
    worker = worker_named(failed.reason) if failed else 0
    one = f" --worker {worker}" if worker else ""
    yield "logs     " + paint(f"runner logs {short(report.run)} {step}".rstrip() + one + hint, "cyan")
    if report.ended and report.status != "succeeded":
        again = paint(f"runner retry {short(report.run)} --failed{hint}", "cyan")
        yield f"retry          {again}{paint(_SAME_CODE, 'dim')}"
        yield f"after an edit  {paint(f'runner run FILE{hint}', 'cyan')}{paint(_NEW_CODE, 'dim')}"


def _phases(inputs: float | None, script: float | None, outputs: float | None) -> str:
    named = (("its script", script), ("fetching its inputs", inputs), ("storing its outputs", outputs))
    spent = [(amount, name) for name, amount in named if amount is not None]
    if not spent:
        return ""
    most, name = max(spent)
    return f", of which {name} took {duration(most)}"
