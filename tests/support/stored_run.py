"""A finished run with real files behind its outputs, in any store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runner.data import manifest
from runner.model import events as e
from runner.model.data import DEFAULT_DATASTORE, DataRef, Entry, Kind, Manifest
from runner.model.digest import canonical_json, digest_of_bytes
from runner.model.document import to_document
from runner.model.names import attempt_folder, step_run_id
from runner.model.record import CommitRecord
from runner.model.state import begin, fold
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.model.workers import Workers
from runner.operations.values import RunView
from runner.ports import ObjectStore
from runner.runs import index, journal, plans
from tests.support import builders as b

Files = Mapping[str, bytes]
"""The content of each file of an output, by path; the path ``""``: the output is one file."""
RUN, LATER = b.RUN, "20260203t040506789z-bbbbbbbbbbbbbbbb"


def store_run(
    store: ObjectStore,
    steps: Mapping[str, Files],
    run: str = RUN,
    *,
    folders: tuple[str, ...] = (),
    snapshot: str = "",
    workers: Workers | None = None,
) -> RunView:
    """Store a run whose steps have the output ``out`` with these files, and return it.

    Args:
        store: The workspace store, which is the datastore as well.
        steps: The files of each step.
        run: The id of the run.
        folders: The empty folders of each output.
        snapshot: The digest of the steps' snapshot.
        workers: The workers of each step.
    """
    plan = b.plan(*(replace(b.step(key), snapshot=snapshot or "s" * 64, workers=workers) for key in steps))
    plans.save(store, plan)
    happened: list[e.Event] = [e.RunSubmitted(b.submission(plan))]
    for key, files in steps.items():
        ref = _output(store, run, key, files, folders)
        happened += [
            e.AttemptStarted(key, 1, "u"),
            e.AttemptRunning(key, b.T0),
            e.StepSucceeded(key=key, attempt=1, started=b.at(1), ended=b.at(2), outputs={"out": ref}),
        ]
        commit = CommitRecord(attempt=1, record=TaskId(run, key).record, outputs={"out": ref})
        store.put(TaskId(run, key).commit, canonical_json(to_document(commit)))
    happened.append(e.RunEnded(RunStatus.SUCCEEDED))
    entries = [b.entry(number, event) for number, event in enumerate(happened, 1)]
    for entry in entries:
        journal.Writer(store, run, "c", entry.number - 1).append(entry.events, entry.time)
    index.add(store, index.IndexEntry(run=run, experiment="experiment", created=b.T0, steps=len(steps)))
    return RunView(fold(begin(run, plan), entries), plan)


def key_of(step: str, path: str = "", run: str = RUN) -> str:
    """Return the key of a file of a step's output."""
    folder = f"{attempt_folder(step_run_id(run, step), 1)}/out"
    return f"{folder}/{path}" if path else folder


def _output(store: ObjectStore, run: str, step: str, files: Files, folders: tuple[str, ...]) -> DataRef:
    for path, content in files.items():
        store.put(key_of(step, path, run), content)
    entries = tuple(Entry(path, len(files[path]), digest_of_bytes(files[path])) for path in sorted(files))
    made = Manifest(Kind.FILE if "" in files else Kind.FOLDER, entries, folders)
    return DataRef(datastore=DEFAULT_DATASTORE, key=key_of(step, run=run), digest=manifest.save(store, made))
