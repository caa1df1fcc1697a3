"""One step in full, for people (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..operations.detail import AttemptDetail, InputDetail, StepDetail
from ..operations.report import OutputReport
from ..operations.run_words import value_text
from .command_text import batches_text, command_text
from .formatting import duration, many, size
from .paint import Paint
from .status_style import style
from .summary import failure, metric_text, place, remedy
from .table import Cell, table

_FILES = 20


def step_view(found: StepDetail, paint: Paint, here: str) -> list[str]:
    """State, command, environment, inputs, outputs with files, metrics, attempts."""
    step = found.step
    out = [f"{paint(step.name, 'bold')}  {paint(step.status, style(step.status))}  {duration(step.seconds)}".rstrip()]
    if step.reason and step.status != "failed":
        out += [f"  {step.reason}", *remedy(step, paint)]
    facts = [
        ("key", step.key),
        ("target", step.target),
        ("command", command_text(found.command)),
        ("mini-batches", batches_text(found.command)),
        ("workers", found.workers),
        ("environment", f"{found.environment}  {paint(found.reference, 'dim')}".strip()),
        ("lock", found.lock[:12]),
    ]
    out += ["", *table([[Cell(name, "dim"), Cell(text)] for name, text in facts if text], paint)]
    sections = (
        ("inputs", [_input(each) for each in found.inputs]),
        ("outputs", [line for each in step.outputs for line in _output(found, each, paint, here)]),
        ("trials", _trials(found, paint)),
        ("metrics", table([[Cell(each.name), Cell(metric_text(each), "bold")] for each in step.metrics], paint)),
        ("attempts", [line for each in found.attempts for line in _attempt(each, paint)]),
        ("warnings", [paint(f"  {text}", "yellow") for text in step.warnings]),
    )
    for title, lines in sections:
        if lines:
            out += ["", paint(title, "bold"), *lines]
    return [*out, "", *failure(step, paint)] if step.status == "failed" else out


def run_view(run: str, facts: Sequence[tuple[str, str]], parameters: Mapping[str, object], paint: Paint) -> list[str]:
    """Return the lines about a run as a whole, with an empty one at their end; none if only its id is known.

    Args:
        run: The run's id.
        facts: Names and texts.
        parameters: The values of its parameters, in JSON.
        paint: The colours.
    """
    if not facts and not parameters:
        return []
    out = [paint(run, "bold"), *table([[Cell(name, "dim"), Cell(text)] for name, text in facts], paint)]
    rows = [[Cell(name), Cell(value_text(value), "bold")] for name, value in parameters.items()]
    return [*out, *(["", paint("parameters", "bold"), *table(rows, paint)] if rows else []), ""]


def _trials(found: StepDetail, paint: Paint) -> list[str]:
    """Return a line for each trial: its status, its values, and the best value of the metric that it has logged."""
    if not found.trials:
        return []
    names = list(found.trials[0].values)
    head = [Cell(text, "dim") for text in ("trial", "status", *names, found.metric)]
    rows = [
        [
            Cell(trial.name),
            Cell(trial.status, style(trial.status)),
            *(Cell(_number(trial.values.get(name, ""))) for name in names),
            Cell("" if trial.best is None else _number(trial.best), "bold"),
            Cell(trial.reason.partition("\n")[0], "dim"),
        ]
        for trial in found.trials
    ]
    return table([head, *rows], paint)


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _input(given: InputDetail) -> str:
    """Return the source of an input and how the step has got it, or else the mode that its author asks for."""
    if not given.delivery:
        return f"  {given.name}  {given.source}, {given.mode}"
    known = "" if given.bytes is None else f" of {size(given.bytes)}"
    return f"  {given.name}  {given.source}, {given.delivery}{known} ({given.reason})"


def _output(found: StepDetail, output: OutputReport, paint: Paint, here: str) -> Iterator[str]:
    amount = f"{many(output.files, 'file')}, {size(output.bytes)}"
    yield f"  {output.name}  {paint(amount, 'dim')}"
    yield f"    {output.datastore}/{output.key}"
    if shown := place(output, here):
        yield f"    {shown}"
    files = [file for file in found.files.get(output.name, ()) if file.path]
    rows = [[Cell(file.path), Cell(size(file.bytes), "dim", right=True)] for file in files[:_FILES]]
    yield from table(rows, paint, indent=6)
    if len(files) > _FILES:
        yield paint(f"      and {len(files) - _FILES} more", "dim")


def _attempt(attempt: AttemptDetail, paint: Paint) -> Iterator[str]:
    phases = attempt.phases
    spent = (
        f"inputs {duration(phases.inputs)}, script {duration(phases.script)}, outputs {duration(phases.outputs)}"
        if phases and not attempt.failure
        else ""
    )
    where = f"on {attempt.host}" if attempt.host else ""
    cause = ": ".join(filter(None, (attempt.failure, attempt.reason)))
    memory = f"peak memory {size(attempt.peak_memory)}" if attempt.peak_memory else ""
    parts = [part for part in (cause, spent, memory, where) if part]
    yield f"  {attempt.attempt}  {'; '.join(parts)}".rstrip()
    if attempt.remedy:
        yield f"     {paint('do:', 'dim')} {attempt.remedy}"
    for name in attempt.artifacts:
        yield paint(f"     kept {name}", "dim")
