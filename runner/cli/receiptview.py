"""The receipt of a run, for people (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..operations.receipt import DataReceipt, Receipt, StepReceipt
from ..operations.run_words import value_text
from .formatting import clip, day, many, size
from .paint import Paint
from .status_style import style
from .table import Cell, table

_DIGEST = 16
_STEPS = 100
"""Steps that are shown; ``--json`` has all."""
_DATA = 40


def receipt_view(found: Receipt, paint: Paint) -> list[str]:
    """Return what went into a run and came out of it, by digests.

    Args:
        found: The receipt.
        paint: The colours.

    """
    facts = [
        ("experiment", found.experiment),
        ("submitted", f"{day(found.created) if found.created else ''}{f' by {found.user}' if found.user else ''}"),
        ("retry of", found.origin),
        ("published", found.published),
        ("plan", found.plan),
        ("runner", ", ".join(found.versions)),
    ]
    out = [f"{paint(found.run, 'bold')}  {paint(found.status, style(found.status))}"]
    out += table([[Cell(name, "dim"), Cell(text)] for name, text in facts if text], paint)
    for title, values in (("parameters", found.parameters), ("seeds", found.seeds)):
        if values:
            out += ["", paint(title, "bold"), *_values(values, paint)]
    if found.environments:
        out += ["", paint("environments", "bold")]
        for each in found.environments:
            out += [f"  {each.name}  {paint(each.reference, 'dim')}"]
            digests = (("specification", found.specifications.get(each.name, "")), ("lock", each.lock))
            out += table([[Cell(name, "dim"), Cell(digest)] for name, digest in digests if digest], paint, indent=4)
    for step in found.steps[:_STEPS]:
        out += ["", *_step(step, paint)]
    if len(found.steps) > _STEPS:
        out += ["", paint(f"and {many(len(found.steps) - _STEPS, 'more step')}, see --json", "dim")]
    return out


def _values(values: Mapping[str, object], paint: Paint) -> list[str]:
    return table([[Cell(name), Cell(value_text(value), "bold")] for name, value in values.items()], paint)


def _step(step: StepReceipt, paint: Paint) -> Iterator[str]:
    yield f"{paint(step.name, 'bold')}  {paint(step.status, style(step.status))}"
    seeds = ", ".join(f"{name} {value}" for name, value in step.seeds.items())
    python = f"Python {step.python}{f' on {step.host}' if step.host else ''}" if step.python else ""
    facts = [
        ("code", step.code[:_DIGEST]),
        ("lock", step.lock[:_DIGEST]),
        ("image" if "/" not in step.reference[:1] else "interpreter", step.reference),
        ("ran by", python),
        ("seeds", seeds),
        ("reused from", step.origin),
    ]
    yield from table([[Cell(name, "dim"), Cell(text)] for name, text in facts if text], paint)
    data = [*(("input", each) for each in step.inputs), *(("output", each) for each in step.outputs)]
    yield from table([_data(title, each) for title, each in data[:_DATA]], paint)
    if len(data) > _DATA:
        yield paint(f"  and {len(data) - _DATA} more, see --json", "dim")


def _data(title: str, data: DataReceipt) -> list[Cell]:
    amount = f"{many(data.files, 'file')}, {size(data.bytes)}"
    where = data.dataset or f"{data.datastore}/{data.key}"
    return [
        Cell(title, "dim"),
        Cell(data.name),
        Cell(data.digest[:_DIGEST]),
        Cell(amount, "dim"),
        Cell(clip(where, 60), "dim"),
    ]
