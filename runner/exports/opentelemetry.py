"""A run as one trace of OpenTelemetry: a span for the run, for each step, and for each phase of a step.

The ids of trace and spans follow from the run's id: a repeated export replaces what was sent before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from .. import __version__
from ..config.after_run import OpenTelemetryConfig
from ..errors import ExportFailed
from ..model.status import STEP_ENDS, RunStatus, StepStatus
from ..operations.ended_run import EndedRun
from ..operations.report import parameters_of
from ..operations.run_tags import tags_of
from ..operations.timeline import StepTimeline, Timeline, timeline
from . import values
from .values import Exported
from .web import Session

_BATCH = 256
"""Spans in a request."""
_SECONDS = 20.0
"""The time limit of a request with its repetitions."""
Attributes = Mapping[str, "str | int | float | bool"]


def export(run: EndedRun, settings: OpenTelemetryConfig) -> Exported:
    """Send a run to a collector.

    Args:
        run: The run.
        settings: The collector.

    Returns:
        What was sent.

    Raises:
        BadInput: A secret has no value.
        ExportFailed: The collector did not take it.
        StoreError: The store cannot be read.

    """
    found = tuple(spans(run, timeline(run.store, run.view, run.store.now())))
    address, session = traces_address(settings.endpoint), Session()
    exporter = OTLPSpanExporter(
        endpoint=address, headers=values.filled(run.secret, settings.headers), timeout=_SECONDS, session=session
    )
    try:
        with values.quiet("opentelemetry"):
            _send(exporter, session, found, address)
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]
    return Exported(f"a trace of {len(found)} spans", f"{address} (trace {trace_id(run.view.state.run)})")


def _send(exporter: OTLPSpanExporter, session: Session, found: Sequence[ReadableSpan], address: str) -> None:
    for at in range(0, len(found), _BATCH):
        done = exporter.export(found[at : at + _BATCH]) is SpanExportResult.SUCCESS
        if not done or session.trouble:  # the exporter takes a redirection for success
            raise session.trouble or ExportFailed(f"{address} did not take the spans")


def traces_address(endpoint: str) -> str:
    """Return the address for spans: that of a collector gets OTLP's path unless it has one."""
    plain = endpoint.rstrip("/")
    return plain if urlsplit(plain).path else f"{plain}/v1/traces"


def trace_id(run: str) -> str:
    """Return the id of a run's trace in hexadecimal digits."""
    return f"{values.number(f'trace {run}', 16):032x}"


def spans(run: EndedRun, known: Timeline) -> Iterator[ReadableSpan]:
    """Yield the spans of a run, the outer ones first.

    Args:
        run: The run.
        known: Its timeline.

    """
    made = _Spans(run, known)
    yield made.of_run()
    for step in known.steps:
        yield from made.of_step(step)


class _Spans:
    """Makes the spans of one run."""

    def __init__(self, run: EndedRun, known: Timeline) -> None:
        self._run, self._known, self._view = run, known, run.view
        self._trace = values.number(f"trace {known.run}", 16)
        self._resource = Resource(
            {"service.name": "runner", "service.namespace": run.workspace, "service.version": __version__}
        )
        self._begun = known.created or known.now
        self._ended = known.ended or known.now
        self._exported: set[str] = set()

    def of_run(self) -> ReadableSpan:
        """Return the span of the run."""
        said = self._view.state.submission
        facts: dict[str, str | int | float | bool] = {
            "runner.run": self._known.run,
            "runner.experiment": values.title(self._run),
            "runner.status": self._known.status,
            "runner.steps": len(self._known.steps),
        }
        if said:
            facts.update({"runner.user": said.user} if said.user else {})
        facts.update({f"runner.tag.{name}": value for name, value in tags_of(self._run.store, self._view).items()})
        facts.update({f"runner.parameter.{name}": values.text(v) for name, v in parameters_of(self._view).items()})
        good = self._view.state.status is RunStatus.SUCCEEDED
        failed = [step.name for step in self._known.steps if step.status == StepStatus.FAILED.value]
        reason = f"failed: {', '.join(failed[:5])}" if failed else self._known.status
        status = Status(StatusCode.OK) if good else Status(StatusCode.ERROR, values.text(reason))
        name = f"run {values.title(self._run)}"
        return self._span("", "", name, (self._begun, self._ended), facts, status)

    def of_step(self, step: StepTimeline) -> Iterator[ReadableSpan]:
        """Yield the spans of a step and its phases; nothing for one that did not begin."""
        state = self._view.state.steps[step.key]
        starts = [phase.began for phase in step.phases] + [at for at in (step.began, state.ended) if at]
        if not starts or (step.began is None and not state.origin and state.status is not StepStatus.FAILED):
            return
        begun = min(starts)
        ended = max([begun, *(at for at in (step.ended, *(phase.ended for phase in step.phases)) if at)])
        if state.status not in STEP_ENDS:
            ended = max(ended, self._ended)
        parent = step.trial_of if step.trial_of in self._exported else ""
        self._exported.add(step.key)
        yield self._span(
            step.key,
            parent,
            values.text(step.name, values.SHORT),
            (begun, ended),
            self._facts(step),
            self._step_status(step),
        )
        for at, phase in enumerate(step.phases):
            facts: Attributes = {"runner.phase": phase.name, "runner.attempt": phase.attempt}
            place = f"{step.key}\n{at}"
            yield self._span(place, step.key, phase.name, (phase.began, phase.ended or ended), facts, Status())

    def _facts(self, step: StepTimeline) -> Attributes:
        state, said = self._view.state.steps[step.key], self._view.state.submission
        found: dict[str, str | int | float | bool | None] = {
            "runner.step": step.key,
            "runner.status": step.status,
            "runner.attempts": step.attempts,
            "runner.critical": step.critical,
            "runner.target": said.targets.get(step.key, "") if said else "",
            "runner.reused_from": state.origin,
            "runner.exit_code": state.exit_code,
            "runner.failure": state.failure.value if state.failure else "",
        }
        found.update({f"runner.value.{name}": values.text(value) for name, value in state.sampled.items()})
        return {name: value for name, value in found.items() if value not in ("", None)}

    def _step_status(self, step: StepTimeline) -> Status:
        if step.status not in {StepStatus.FAILED.value, StepStatus.CANCELED.value}:
            return Status(StatusCode.OK)
        return Status(StatusCode.ERROR, values.text(self._view.state.steps[step.key].reason or step.status))

    def _span(
        self,
        key: str,
        parent: str,
        name: str,
        times: tuple[datetime, datetime],
        facts: Attributes,
        status: Status,
    ) -> ReadableSpan:
        return ReadableSpan(
            name=name,
            context=self._context(key),
            parent=self._context(parent) if key else None,
            resource=self._resource,
            attributes={values.text(name, values.SHORT): _plain(value) for name, value in facts.items()},
            status=status,
            start_time=_nanoseconds(times[0]),
            end_time=_nanoseconds(times[1]),
            instrumentation_scope=InstrumentationScope("runner", __version__),
        )

    def _context(self, key: str) -> SpanContext:
        span = values.number(f"span {self._known.run} {key}", 8)
        return SpanContext(self._trace, span, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _plain(value: str | float | bool) -> str | int | float | bool:
    return values.text(value) if isinstance(value, str) else value


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
