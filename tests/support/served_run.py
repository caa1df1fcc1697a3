"""A workspace with a finished run, a running one, and published objects, as the server sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.data.masked_store import masked_store
from runner.data.secret_values import masks
from runner.model import events as e
from runner.model.published import EndpointRecord, EndpointVersion, PublishedRecord, Status
from runner.model.task import TaskId
from runner.operations import stored_reports, watch
from runner.operations.published import pipelines
from runner.operations.published.documents import Documents
from runner.operations.values import RunView
from runner.ports import ObjectStore
from runner.runs import index, journal, plans, records
from tests.support import builders as b
from tests.support.fake_session import lines
from tests.support.memory_store import MemoryStore
from tests.support.stored_run import store_run

SECRET = "hunter2-hunter2"
DONE, GOING = b.RUN, "20260203t040506789z-bbbbbbbbbbbbbbbb"
PIPELINE, DISABLED, ENDPOINT = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")


@dataclass
class ServedWorkspace:
    """server.context.Workspace over a store in memory."""

    store: ObjectStore = field(default_factory=MemoryStore)
    canceled: list[str] = field(default_factory=list)
    seen_to: list[str] = field(default_factory=list)
    """The runs for which a controller was asked."""

    def view(self, run: str) -> RunView:
        return watch.view(self.store, run)

    def datastore(self, name: str) -> ObjectStore:
        assert name == "workspaceblobstore"
        return self.store

    def start_controller(self, run: str) -> None:
        raise AssertionError(f"nothing starts {run}")

    def cancel(self, run: str) -> None:
        records.cancel(self.store, run)
        self.canceled.append(run)

    def see_to_controller(self, run: str) -> None:
        self.seen_to.append(run)

    def tell(self, *events: e.Event) -> None:
        """Let something happen in the running run."""
        number = self.view(GOING).state.number
        journal.Writer(self.store, GOING, "c", number).append(events, b.at(number + 1))


def log_chunk(workspace: ServedWorkspace, run: str, key: str, text: bytes, number: int = 1, attempt: int = 1) -> None:
    """Write a chunk of a log."""
    workspace.store.put(f"{TaskId(run, key, attempt).logs}{number:08d}.txt", text)


def served() -> ServedWorkspace:
    """The workspace: the run DONE with the steps a and b, GOING with the running step a, two pipelines, an endpoint."""
    workspace = ServedWorkspace()
    store = workspace.store
    store_run(store, {"a": {"x.csv": b"x\n1\n", "sub/y.csv": b"y\n"}, "b": {"": b"the model"}}, DONE)
    stored_reports.keep(store, DONE, "<p>the report of the run</p>")
    step = TaskId(DONE, "a", 1)
    masked = masked_store(store, masks([SECRET]))
    masked.put(
        f"{step.reports}metrics.jsonl",
        lines(
            {"name": "loss", "value": 0.5, "kind": "scalar", "time": "2026-01-02T03:04:06Z", "step": 1},
            {"name": "loss", "value": 0.25, "kind": "scalar", "time": "2026-01-02T03:04:07Z", "step": 2},
            {"name": "note", "value": f"the key is {SECRET}", "kind": "scalar"},
            {"name": "odd", "value": float("nan"), "kind": "scalar"},
        ),
    )
    own = {"name": "total", "value": 7, "kind": "scalar", "at": 5}
    store.put(f"runs/{DONE}/annotations/metrics.jsonl/0000000000000000005-aa.jsonl", lines(own))
    log_chunk(workspace, DONE, "a", b"one\ntwo\n")
    log_chunk(workspace, DONE, "a", b"three\nfour\n", 2)
    store.put(f"{step.artifacts}outputs/report.html", b"<script>alert(1)</script>")
    store.put(f"{step.artifacts}logs/a b.txt", b"0123456789")
    store.put(f"runs/{DONE}/files/summary.txt", b"all is well")
    plan = b.plan(b.step("a"))
    plans.save(store, plan)
    index.add(store, index.IndexEntry(run=GOING, experiment="going", created=b.at(60), steps=1, user="bob"))
    begun: list[e.Event] = [
        e.RunSubmitted(b.submission(plan, experiment="going", published=PIPELINE)),
        e.AttemptStarted("a", 1, "u"),
        e.AttemptRunning("a", b.T0),
    ]
    for number, event in enumerate(begun):
        journal.Writer(store, GOING, "c", number).append([event], b.at(number + 1))
    digest = plans.save(store, b.plan(b.step("a"), parameters={"rows": 5}))
    pipelines.create(store, PublishedRecord(id=PIPELINE, name="train", plan=digest, created=b.T0, user="ann"))
    off = PublishedRecord(id=DISABLED, name="old", plan=digest, created=b.at(9), status=Status.DISABLED)
    pipelines.create(store, off)
    Documents(store, "endpoints", EndpointRecord).create(
        ENDPOINT,
        EndpointRecord(
            id=ENDPOINT,
            name="service",
            versions=(EndpointVersion(version="0", pipeline=PIPELINE),),
            default="0",
            created=b.T0,
        ),
    )
    return workspace
