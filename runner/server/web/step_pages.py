"""The pages of a step: its state, its metrics, its environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from shlex import quote

from starlette.responses import RedirectResponse, Response

from ...environments import lock_store
from ...environments.lock import Lock
from ...errors import BadInput, ObjectDamaged, ObjectMissing
from ...model.names import short
from ...model.record import AttemptRecord
from ...model.task import Task, TaskId
from ...operations import previews
from ...operations.detail import StepDetail, detail
from ...operations.metric_log import MetricLog, metric_log
from ...operations.step_files import KEPT, StepFiles
from ...operations.workers import count_in, logged_workers
from ...pages.metric_values import MetricPicture, MetricView
from ...pages.metric_views import metric_views
from ...pages.step_links import StepLinks
from ...ports import ObjectStore
from ...runs import records
from ..operation import Call, Operation, Parameter
from .page import etag, unchanged
from .routes import shown_page
from .step_access import PARAMETERS, PATH, OpenedStep, opened_step, step_page

_TRIALS = 200
_PACKAGES = 2000
_TAB = Parameter(
    name="tab",
    about="The page of a tab. Default: the overview.",
    schema={"type": "string", "enum": ["overview", "log", "files", "metrics", "environment"]},
)


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    return (
        shown_page(PATH, "page_step", "A step", _overview, *PARAMETERS, _TAB),
        shown_page(f"{PATH}/metrics", "page_step_metrics", "The metrics of a step", _metrics, *PARAMETERS),
        shown_page(
            f"{PATH}/environment", "page_step_environment", "The environment of a step", _environment, *PARAMETERS
        ),
    )


def _overview(call: Call) -> Response:
    with opened_step(call) as opened:
        tab = call.text("tab")
        if tab not in ("", "overview"):
            links = opened.links
            return RedirectResponse(links.files() if tab == "files" else links.to(tab), 307)
        store = opened.workspace.store
        batches = opened.report.batches
        tag = etag(call, opened.view.state.run, opened.view.state.number, batches)
        known = unchanged(call, tag)
        if known is not None:
            return known
        found = detail(store, opened.view, opened.report, files=False)
        record = _record(store, opened.task)
        return step_page(
            call,
            opened,
            "step.html",
            "",
            live=not opened.finished,
            tag=tag,
            detail=found,
            trials=found.trials[:_TRIALS],
            trees=StepFiles(store, opened.view, opened.key, opened.task).trees(),
            files=record.artifacts if record else (),
            notebooks=[name for name in (record.artifacts if record else ()) if name.endswith(".ipynb")][:5],
            workers=count_in(opened.view, opened.key),
            logged=logged_workers(store, opened.task)[:_TRIALS] if opened.task else (),
            commands=_commands(opened, found),
        )


def _commands(opened: OpenedStep, known: StepDetail) -> list[tuple[str, str]]:
    """Return commands to copy, each with what it does."""
    run, key = short(opened.view.state.run), opened.key
    found = [
        ("Print its log", f"runner logs {run} {key}"),
        ("Show all of it in the terminal", f"runner show {run} {key}"),
        ("Explain why it ran or was reused", f"runner why {run} {key}"),
    ]
    if known.step.status == "failed" and opened.view.state.over:
        found.append(("Run it again, and what waits for it", f"runner retry {run} --failed"))
    outputs = (output.name for output in known.step.outputs[:3])
    found += (
        (f"Download the output {name}", f"runner data get {quote(f'run:{run}/{key}/{name}')} .") for name in outputs
    )
    return found


def _record(store: ObjectStore, task: TaskId | None) -> AttemptRecord | None:
    return records.record_of(store, task) if task else None


def _metrics(call: Call) -> Response:
    with opened_step(call) as opened:
        store = opened.workspace.store
        log = metric_log(store, opened.task) if opened.task else MetricLog()
        tag = etag(call, opened.view.state.run, opened.view.state.number, log.etag)
        known = unchanged(call, tag)
        if known is not None:
            return known
        views = metric_views(log.metrics)
        return step_page(
            call,
            opened,
            "step_metrics.html",
            "metrics",
            live=not opened.finished,
            tag=tag,
            metrics=views,
            log=log,
            pictures=dict(_pictures(opened, views)),
        )


def _pictures(opened: OpenedStep, views: tuple[MetricView, ...]) -> Iterator[tuple[str, MetricPicture]]:
    """Yield the images of metrics by the names of their files; a name that is no file of the step is left out."""
    store, task = opened.workspace.store, opened.task
    for name in dict.fromkeys(name for view in views for name in view.images):
        if task is None or any(part in ("", ".", "..") for part in name.split("/")):
            continue
        with suppress(ValueError, ObjectMissing):
            info = store.stat(task.artifacts + name)
            if info is not None:
                yield name, _picture(opened.links, name, previews.preview(store, info, name))


def _picture(links: StepLinks, name: str, known: previews.Preview) -> MetricPicture:
    shown = known.kind is previews.FileKind.IMAGE
    return MetricPicture(
        source=links.raw(f"{KEPT}/{name}") if shown else "",
        page=links.files(f"{KEPT}/{name}"),
        width=known.width,
        height=known.height,
        note=" ".join(known.notes) or ("" if shown else "It is no image that can be shown here."),
    )


def _environment(call: Call) -> Response:
    with opened_step(call) as opened:
        store, view = opened.workspace.store, opened.view
        found = detail(store, view, opened.report, files=False)
        lock = _lock(store, opened, found.lock)
        task = _assigned(store, opened.task)
        return step_page(
            call,
            opened,
            "step_environment.html",
            "environment",
            detail=found,
            lock=lock,
            packages=lock.packages[:_PACKAGES] if lock else (),
            task=task,
            variables=sorted(task.variables) if task else (),  # without their values: a user may have written a secret
            record=_record(store, opened.task),
            spec=view.plan.by_key[opened.key],
        )


def _assigned(store: ObjectStore, task: TaskId | None) -> Task | None:
    if task is None:
        return None
    with suppress(ObjectMissing, ObjectDamaged, BadInput):
        return records.assignment(store, task.assignment)
    return None


def _lock(store: ObjectStore, opened: OpenedStep, digest: str) -> Lock | None:
    """Return the lock of a digest among those of the step's environment; None: it is not stored any more."""
    environment = opened.view.plan.environments.get(opened.view.plan.by_key[opened.key].environment)
    if environment is None or not digest:
        return None
    with suppress(ObjectDamaged):
        return next(
            (lock for lock in lock_store.of_spec(store, environment.spec.digest) if lock.digest == digest), None
        )
    return None
