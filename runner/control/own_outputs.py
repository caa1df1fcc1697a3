"""Decide whether committed outputs are those of the attempt that is said to have made them (pure).

A script has the keys of its attempt, so it can write the commit record and the reuse entry of its own step. The
controller lends its keys by them: it opens the outputs that they name to the next steps, and copies them to their
destinations. An output must therefore lie where its step was told to write it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..model.data import DataRef
from ..model.names import attempt_folder, output_key, step_run_id
from ..model.record import CommitRecord
from ..model.step import StepSpec
from ..model.task import OutputBinding, TaskId

Outputs = Mapping[str, DataRef]


def output_bindings(step: StepSpec, attempt: TaskId) -> tuple[OutputBinding, ...]:
    """Return where an attempt writes the outputs of its step.

    Args:
        step: The step.
        attempt: The attempt, which may be one of an equal step of another run.
    """
    folder = attempt_folder(step_run_id(attempt.run, attempt.key), attempt.attempt)
    return tuple(
        OutputBinding(
            name=spec.name,
            datastore=spec.datastore,
            key=output_key(spec.destination, folder, spec.name),
            mode=spec.mode,
            path_on_compute=spec.path_on_compute,
            folder=spec.folder,
            globs=spec.globs,
        )
        for spec in step.outputs
    )


def foreign_outputs(step: StepSpec, attempt: TaskId, outputs: Outputs) -> str:
    """Return which of the committed `outputs` are not those of the attempt; empty: all are its own.

    Args:
        step: The step.
        attempt: The attempt that committed them.
        outputs: The outputs of its commit record.
    """
    return "; ".join(_foreign({one.name: one for one in output_bindings(step, attempt)}, outputs))


def maker_of(commit: CommitRecord) -> TaskId | None:
    """Return the attempt whose record a commit record names; None if it names no attempt record."""
    parts = commit.record.split("/")
    if len(parts) != 4:
        return None
    maker = TaskId(parts[1], parts[2], commit.attempt)
    return maker if maker.record == commit.record else None


def is_same_commit(one: CommitRecord, other: CommitRecord) -> bool:
    """Return True if both name one attempt and the same outputs; the ETags of a store may be other ones by now."""
    return (one.record, one.attempt, _without_etags(one.outputs)) == (
        other.record,
        other.attempt,
        _without_etags(other.outputs),
    )


def _foreign(places: Mapping[str, OutputBinding], outputs: Outputs) -> Iterator[str]:
    for name in sorted({*places, *outputs}):
        place, ref = places.get(name), outputs.get(name)
        if place is None:
            yield f"the step has no output '{name}'"
        elif ref is None:
            yield f"output '{name}' is missing"
        elif (ref.datastore, ref.key) != (place.datastore, place.key):
            yield f"output '{name}' lies at {ref.datastore}/{ref.key}, and not at {place.datastore}/{place.key}"


def _without_etags(outputs: Outputs) -> Outputs:
    return {name: replace(ref, etag="") for name, ref in outputs.items()}
