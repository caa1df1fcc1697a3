"""A run as events of OpenLineage: the begin and the end of the run and of each step, with what it read and wrote.

The ids of runs follow from the ids of runs and steps here, and times are those of the journal: a repeated export sends
equal events.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    DatasetFacet,
    JobFacet,
    OutputDatasetFacet,
    RunFacet,
    dataset_version_dataset,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    processing_engine_run,
    source_code_location_job,
    symlinks_dataset,
)
from openlineage.client.serde import Serde
from openlineage.client.transport.http import HttpConfig, HttpTransport

from .. import __version__
from ..config.after_run import OpenLineageConfig
from ..errors import ExportFailed
from ..model.status import RunStatus, StepStatus
from ..operations.ended_run import EndedRun
from ..operations.receipt import DataReceipt, Receipt, StepReceipt, receipt
from . import values
from .places import named_place
from .values import Exported
from .web import Session

_PRODUCER = f"https://pypi.org/project/kube-runner/{__version__}"
_SECONDS = 10.0
"""The time limit of a request."""
_ENDS = {
    RunStatus.SUCCEEDED.value: RunState.COMPLETE,
    RunStatus.FAILED.value: RunState.FAIL,
    RunStatus.CANCELED.value: RunState.ABORT,
}
"""The states of runs and steps that have begun, as the events of their ends."""


def export(run: EndedRun, settings: OpenLineageConfig) -> Exported:
    """Send the events of a run to a server, or add them to a file.

    Args:
        run: The run.
        settings: The server or the file.

    Returns:
        What was sent.

    Raises:
        BadInput: A secret has no value.
        ExportFailed: The server did not take the events, or the file cannot be written.
        StoreError: The store cannot be read.

    """
    namespace = settings.namespace or f"runner/{run.workspace}"
    found = list(events(run, receipt(run.store, run.view), namespace))
    if settings.file:
        place, count = settings.file, _add(Path(settings.file), [Serde.to_json(event) for event in found])
        return Exported(f"{len(found)} events, {count} of them new", place)
    with values.quiet("openlineage"):
        _send(found, settings, values.filled(run.secret, {"token": settings.token})["token"])
    job = f"{namespace}/{_job_name(run)}"
    return Exported(f"{len(found)} events", f"{settings.url} (job {job}, run {values.uuid_of(run.view.state.run)})")


def _send(found: list[RunEvent], settings: OpenLineageConfig, token: str) -> None:
    parts, session = urlsplit(settings.url), Session()
    transport = HttpTransport(
        HttpConfig(
            url=f"{parts.scheme}://{parts.netloc}",
            endpoint=parts.path.strip("/") or "api/v1/lineage",
            timeout=_SECONDS,
            session=session,
            custom_headers={"Authorization": f"Bearer {token}"} if token else {},
        )
    )
    for event in found:
        try:
            transport.emit(event)
        except requests.RequestException as error:
            raise session.trouble or ExportFailed(f"{settings.url} did not take the events") from error
        if session.trouble:  # a redirection
            raise session.trouble


def _add(path: Path, lines: list[str]) -> int:
    """Add the lines that a file lacks, and return their number. Other processes may add to it too."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            missing = set(lines)
            for line in file:
                missing.discard(line.rstrip("\n"))
            new = [line for line in lines if line in missing]
            file.seek(0, os.SEEK_END)
            file.write("".join(f"{line}\n" for line in new))
    except OSError as error:
        raise ExportFailed(f"{path} cannot be written: {error.strerror}", "name another file") from error
    return len(new)


def events(run: EndedRun, known: Receipt, namespace: str) -> Iterator[RunEvent]:
    """Yield the events of a run in the order of time.

    Args:
        run: The run.
        known: Its receipt.
        namespace: The namespace of jobs.

    """
    made = _Events(run, known, namespace)
    found = [*made.of_run(), *(event for step in known.steps for event in made.of_step(step))]
    last = len(found)
    order = {id(event): (event.eventTime, last if event is found[1] else at) for at, event in enumerate(found)}
    yield from sorted(found, key=lambda event: order[id(event)])


class _Events:
    """Makes the events of one run."""

    def __init__(self, run: EndedRun, known: Receipt, namespace: str) -> None:
        self._run, self._known, self._namespace = run, known, namespace
        self._name = _job_name(run)
        self._begun = known.created or run.store.now()
        self._ended = known.ended or run.view.state.last or self._begun
        self._parent = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=str(values.uuid_of(known.run))),
            job=parent_run.Job(namespace=namespace, name=self._name),
        )

    def of_run(self) -> Iterator[RunEvent]:
        """Yield the begin and the end of the run."""
        job = self._job(self._name, "PIPELINE", self._known.plan, "plan")
        facets: dict[str, RunFacet] = {"processing_engine": self._engine()}
        yield self._event(RunState.START, self._begun, self._known.run, facets, job)
        state = _ENDS.get(self._known.status, RunState.OTHER)
        failed = [step.name for step in self._known.steps if step.status == StepStatus.FAILED.value]
        if state is RunState.FAIL:
            facets = {**facets, "errorMessage": _message(f"failed: {', '.join(failed[:5])}", "")}
        yield self._event(state, self._ended, self._known.run, facets, job)

    def of_step(self, step: StepReceipt) -> Iterator[RunEvent]:
        """Yield the begin and the end of a step; nothing for one that did not run."""
        state = self._run.view.state.steps[step.key]
        begun = state.started or (state.ended if state.attempt else None)
        if begun is None or state.ended is None or step.origin:
            return
        place = f"{self._known.run}.{step.key}"
        job = self._job(f"{self._name}.{step.name}", "STEP", step.code, "snapshot", step.script)
        facets: dict[str, RunFacet] = {"parent": self._parent, "processing_engine": self._engine()}
        inputs = [InputDataset(*self._place(each), facets=self._facets(each)) for each in step.inputs]
        begin = min(begun, state.ended)
        yield self._event(RunState.START, begin, place, facets, job, inputs=inputs)
        outputs = [
            OutputDataset(*self._place(each), facets=self._facets(each, step.name), outputFacets=_statistics(each))
            for each in step.outputs
        ]
        if state.status is StepStatus.FAILED:
            facets = {**facets, "errorMessage": _message(state.reason, state.tail)}
        end = _ENDS.get(step.status, RunState.OTHER)
        yield self._event(end, state.ended, place, facets, job, inputs=inputs, outputs=outputs)

    def _event(
        self,
        state: RunState,
        at: datetime,
        name: str,
        facets: dict[str, RunFacet],
        job: Job,
        *,
        inputs: list[InputDataset] | None = None,
        outputs: list[OutputDataset] | None = None,
    ) -> RunEvent:
        return RunEvent(
            eventTime=at.isoformat(timespec="milliseconds"),
            producer=_PRODUCER,
            run=Run(runId=str(values.uuid_of(name)), facets=facets),
            job=job,
            eventType=state,
            inputs=inputs or [],
            outputs=outputs or [],
        )

    def _job(self, name: str, kind: str, digest: str, what: str, path: str = "") -> Job:
        facets: dict[str, JobFacet] = {
            "jobType": job_type_job.JobTypeJobFacet(processingType="BATCH", integration="RUNNER", jobType=kind)
        }
        if digest:
            facets["sourceCodeLocation"] = source_code_location_job.SourceCodeLocationJobFacet(
                type="runner",
                url=f"runner://{self._run.workspace}/{what}/{digest}",
                version=digest,
                path=values.text(path) or None,
            )
        return Job(namespace=self._namespace, name=values.text(name, values.SHORT), facets=facets)

    def _place(self, data: DataReceipt) -> tuple[str, str]:
        namespace, name = named_place(self._run, data.datastore, data.key)
        return namespace, values.text(name)

    def _facets(self, data: DataReceipt, step: str = "") -> dict[str, DatasetFacet]:
        """Return the version of data, and the name that is the same in every run."""
        found: dict[str, DatasetFacet] = {
            "version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=data.dataset or data.digest)
        }
        stable = data.dataset.rpartition(":")[0] or (f"{self._name}.{step}.{data.name}" if step else "")
        if stable:
            same = symlinks_dataset.Identifier(namespace=self._namespace, name=values.text(stable), type="LOCATION")
            found["symlinks"] = symlinks_dataset.SymlinksDatasetFacet(identifiers=[same])
        return found

    @staticmethod
    def _engine() -> RunFacet:
        return processing_engine_run.ProcessingEngineRunFacet(version=__version__, name="runner")


def _job_name(run: EndedRun) -> str:
    return values.title(run)


def _message(reason: str, tail: str) -> RunFacet:
    return error_message_run.ErrorMessageRunFacet(
        message=values.text(reason or "failed"), programmingLanguage="Python", stackTrace=values.text(tail) or None
    )


def _statistics(data: DataReceipt) -> dict[str, OutputDatasetFacet]:
    counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(size=data.bytes, fileCount=data.files)
    return {"outputStatistics": counted}
