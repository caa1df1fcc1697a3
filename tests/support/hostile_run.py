"""A run of a hostile author: script in every name, tag, metric, log line and file. Pages run and load none of it."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping

from runner.data import manifest
from runner.model import events as e
from runner.model.data import DEFAULT_DATASTORE, DataRef, Entry, Kind, Manifest
from runner.model.digest import canonical_json, digest_of_bytes
from runner.model.document import to_document
from runner.model.record import Failure, Phases
from runner.model.status import RunStatus
from runner.model.step import InputSpec, OutputOf
from runner.model.task import TaskId
from runner.ports import ObjectStore
from runner.runs import index, journal, plans
from tests.support import builders as b

HOSTILE = "20260301t040506789z-cccccccccccccccc"
"""The id of the run."""
PWNED = "window.runnerPwned=true"
"""What each script does: a test looks for ``window.runnerPwned`` in every frame."""
SCRIPT = f"<script>{PWNED}</script>"
ATTRIBUTE = f"\"'><img src=x onerror={PWNED}>"
CLOSING = f"</script></textarea></title></style>{SCRIPT}"
TEMPLATE = "{{7*7}}${7*7}{%raw%}"
REVERSED = "\u202efdp.exe\u202c\u2066x\u2069\ufeff\u200b"
TEXT = f"{SCRIPT}{ATTRIBUTE}{CLOSING}{TEMPLATE}{REVERSED}"
"""All of it in one text."""
ADDRESS = f"javascript:{PWNED}"
STEP, FAILED = "hostile", "failed"
"""Keys of its steps."""
HTML = f"""<!doctype html><title>x</title>{SCRIPT}<img src=x onerror="{PWNED}"><svg onload="{PWNED}"></svg>
<meta http-equiv="refresh" content="0;url=https://example.com/"><base href="https://example.com/">
<link rel="stylesheet" href="https://example.com/x.css"><iframe src="javascript:parent.{PWNED}"></iframe>
<form action="/runs/{HOSTILE}/cancel" method="post"><button autofocus>go</button></form>
<a href="{ADDRESS}" target="_top">link</a><script>top.{PWNED};parent.document.title="pwned"</script>""".encode()
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" onload="{PWNED}" viewBox="0 0 9 9"><script>{PWNED}</script>
<foreignObject width="9" height="9"><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="{PWNED}"/></body>
</foreignObject><image href="https://example.com/x.png"/><circle r="4"/></svg>""".encode()


def png(width: int, height: int, rows: int) -> bytes:
    """Return an image whose header states a size, with the bytes of so many rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x20\x60\xc0" * width) * rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


KEPT: Mapping[str, bytes] = {
    "outputs/page.html": HTML,
    "outputs/drawing.svg": SVG,
    "outputs/picture.png": png(40, 30, 30),
    "outputs/bomb.png": png(50_000, 50_000, 1),
    "outputs/html.png": HTML,
    "outputs/deep.json": b"[" * 100_000 + b"]" * 100_000,
    "outputs/notes.txt": f"{TEXT}\n\0\x07\x1b]0;title\x07\n".encode() + b"\xff\xfe\xc3(\n",
    f"outputs/{ATTRIBUTE.replace('/', '_')}.txt": TEXT.encode(),
    "outputs/archive.zip": b"PK\x03\x04" + b"\0" * 100,
    "outputs/run.ipynb": json.dumps({"cells": [TEXT]}).encode(),
}
"""The files that the script kept, by name."""
OUTPUT: Mapping[str, bytes] = {
    "data.csv": f"{SCRIPT},b\n{ATTRIBUTE},=cmd|' /C calc'!A0\n".encode() + b"\x00,\xff\n",
    f"{SCRIPT.replace('/', '_')}.csv": b"a\n1\n",
    "page.html": HTML,
}
"""The files of its output."""
LOG = (
    f"{TEXT}\n\x1b[31m{SCRIPT}\x1b[0m\n\x1b]8;;{ADDRESS}\x07link\x1b]8;;\x07\n\x1b[38;2;1;2;3m{ATTRIBUTE}\n".encode()
    + b"\xff\xfe\x00broken\r\n"
    + b"x" * 300_000
    + f"\n{CLOSING}\nprogress 1\rprogress 2\n".encode()
)


def metric_lines() -> bytes:
    """Return a file of metrics of every kind, each with script in its names and values, and some of no known form."""
    matrix = {"class_labels": [TEXT, "b"], "matrix": [[5, 1], [2, 4]]}
    counts = [[[10, 5, 5, 0], [4, 1, 9, 6]], [[10, 5, 5, 0], [4, 1, 9, 6]]]
    accuracy = {"probability_tables": counts, "probability_thresholds": [0.0, 0.5], "class_labels": [TEXT, ADDRESS]}
    spread = {"bin_edges": [0, 1, 2], "bin_counts": [3, 4], "bin_averages": [0.4, 1.6], "bin_errors": [0.1, 0.1]}
    found: list[tuple[str, object, object]] = [
        ("scalar", TEXT, 1.5), ("scalar", TEXT, 2.5), ("scalar", "text", TEXT), ("scalar", "nan", float("nan")),
        ("scalar", "huge", 10**400), ("list", f"list {TEXT}", [1, 2, 3]), ("list", "texts", [TEXT, None, {"a": TEXT}]),
        ("row", f"row {TEXT}", {TEXT: 1, "b": TEXT}), ("row", f"row {TEXT}", {TEXT: 2, "b": TEXT}),
        ("table", f"table {TEXT}", {TEXT: [1, 2], "b": [TEXT, TEXT]}),
        ("image", f"image {TEXT}", "outputs/picture.png"), ("image", "bomb", "outputs/bomb.png"),
        ("image", "no image", "outputs/html.png"), ("image", "up", "../../../plans/x"), ("image", "address", ADDRESS),
        ("confusion_matrix", f"confusion {TEXT}", {"data": matrix}),
        ("accuracy_table", f"accuracy {TEXT}", {"data": accuracy}),
        ("residuals", f"residuals {TEXT}", {"data": {**spread, "mean": TEXT}}),
        ("predictions", f"predictions {TEXT}", {"data": spread}), ("confusion_matrix", "no matrix", {"data": TEXT}),
        ("accuracy_table", "no table", {"data": {"probability_tables": [[[1]]]}}), (TEXT, f"kind {TEXT}", TEXT),
    ]  # fmt: skip
    lines = [
        json.dumps({"name": name, "kind": kind, "value": value, "time": TEXT, "description": TEXT})
        for kind, name, value in found
    ]
    return "\n".join([*lines, "[" * 50_000, '{"name": 7}', "no json"]).encode() + b"\n"


def store_hostile_run(store: ObjectStore) -> str:
    """Store the run, in any store, and return its id: one step has succeeded, another has failed.

    Args:
        store: The workspace store, which is the datastore as well.

    """
    first = b.step(STEP, name=f"step {TEXT}")
    reads = InputSpec(name="from_hostile", source=OutputOf(STEP, "out"))
    plan = b.plan(first, b.step(FAILED, name=f"failed {TEXT}", inputs=(reads,)), parameters={"rate": TEXT})
    plans.save(store, plan)
    task = TaskId(HOSTILE, STEP, 1)
    output = _output(store)
    reason = f"the script ended: {TEXT}"
    lost = e.StepFailed(
        key=FAILED, failure=Failure.USER, reason=reason, exit_code=1, remedy=TEXT, tail=f"{TEXT}\n{SCRIPT}"
    )
    happened: list[e.Event] = [
        e.RunSubmitted(
            b.submission(
                plan, experiment="hostile", user=TEXT, tags={TEXT: TEXT, "address": ADDRESS}, description=TEXT,
                parameters={"rate": TEXT},
            )
        ),
        e.EnvironmentReady(environment=b.ENVIRONMENT, target=b.TARGET, reference=f"image@{TEXT}"),
        e.AttemptStarted(STEP, 1, "u"),
        e.AttemptRunning(STEP, b.T0),
        e.StepSucceeded(key=STEP, attempt=1, started=b.at(1), ended=b.at(2), outputs={"out": output}, warnings=(TEXT,)),
        e.AttemptStarted(FAILED, 1, "u"),
        lost,
        e.RunEnded(RunStatus.FAILED),
    ]  # fmt: skip
    for number, event in enumerate(happened, 1):
        journal.Writer(store, HOSTILE, "c", number - 1).append([event], b.at(number))
    index.add(
        store,
        index.IndexEntry(
            run=HOSTILE, experiment="hostile", created=b.at(90), steps=2, user=TEXT, tags={TEXT: TEXT}, description=TEXT
        ),
    )
    for name, content in KEPT.items():
        store.put(task.artifacts + name, content)
    store.put(f"{task.reports}metrics.jsonl", metric_lines())
    store.put(f"{task.logs}{1:08d}.txt", LOG)
    store.put(f"{TaskId(HOSTILE, FAILED, 1).logs}{1:08d}.txt", LOG)
    record = b.record(artifacts=tuple(KEPT), host=TEXT, python=TEXT, phases=Phases(1, 2, 3), warnings=(TEXT,))
    store.put(task.record, canonical_json(to_document(record)))
    assigned = b.task(STEP, id=task, variables={TEXT: "a secret value"}, inputs=(b.binding("data", ref=output),))
    store.put(task.assignment, canonical_json(to_document(assigned)))
    return HOSTILE


def _output(store: ObjectStore) -> DataRef:
    """Store the output. One file of its manifest is a record of runner's own, which nobody may read by it."""
    folder = f"azureml/{HOSTILE}.{STEP}/out"
    entries = []
    for path, content in OUTPUT.items():
        store.put(f"{folder}/{path}", content)
        entries.append(Entry(path, len(content), digest_of_bytes(content)))
    entries.append(Entry("stolen.json", 5, "d" * 64, key="serve/tokens.json"))
    store.put("serve/tokens.json", b"token")
    made = Manifest(Kind.FOLDER, tuple(sorted(entries, key=lambda entry: entry.path)))
    digest = manifest.save(store, made)
    return DataRef(datastore=DEFAULT_DATASTORE, key=folder, digest=digest, files=len(entries), bytes=made.bytes)
