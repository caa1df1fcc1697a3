"""A step bound to a run, an attempt and its data: everything that the side which runs it must know."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ..dataclass import dataclass, field
from .access import Access
from .data import DataRef, DatasetDefinition, Mode
from .delivery import Delivery
from .digest import digest_of
from .names import step_run_id
from .placement import Placement
from .resources import Resources
from .step import Argument
from .workers import Workers


@dataclasses.dataclass(frozen=True, order=True)
class TaskId:
    """One attempt at one step of a run; records, logs and observations are keyed by this, never by Job."""

    run: str
    key: str
    attempt: int = 1

    @property
    def folder(self) -> str:
        """``runs/<run>/<key>``: where the step's records lie in the workspace store."""
        return f"runs/{self.run}/{self.key}"

    @property
    def assignment(self) -> str:
        """Key of the stored `Task`."""
        return f"{self.folder}/assignment-{self.attempt}.json"

    @property
    def record(self) -> str:
        """Key of the attempt record, written at the end of every attempt, success or failure."""
        return f"{self.folder}/attempt-{self.attempt}.json"

    @property
    def commit(self) -> str:
        """Key of the commit record: the step has succeeded iff it exists; the first wins."""
        return f"{self.folder}/committed.json"

    @property
    def logs(self) -> str:
        """Prefix of the attempt's log chunks, numbered from ``00000001.txt``."""
        return f"{self.folder}/log-{self.attempt}-"

    @property
    def artifacts(self) -> str:
        """Prefix of the files the attempt left under ``outputs/`` and ``logs/``."""
        return f"{self.folder}/artifacts-{self.attempt}/"

    @property
    def reports(self) -> str:
        """Prefix of what the script reported: ``metrics.jsonl``, ``tags.jsonl`` and the like."""
        return f"{self.folder}/reports-{self.attempt}/"

    @property
    def batches(self) -> str:
        """Prefix of the batches that the workers of a pool share: who has taken which, and the results."""
        return f"{self.folder}/batches-{self.attempt}/"

    def worker_record(self, index: int) -> str:
        """Key of the record of one worker's end; the attempt record tells the end of all."""
        return f"{self.worker_records}{index}.json"

    def worker_logs(self, index: int) -> str:
        """Prefix of one worker's log chunks; those of worker 0 are the attempt's."""
        return f"{self.other_logs}{index}-" if index else self.logs

    @property
    def other_logs(self) -> str:
        """Prefix of the log chunks of all workers but worker 0: index and a hyphen follow."""
        return f"{self.folder}/log-{self.attempt}."

    def worker_artifacts(self, index: int) -> str:
        """Prefix of the files that one worker left; those of worker 0 are the attempt's."""
        return f"{self.folder}/artifacts-{self.attempt}.{index}/" if index else self.artifacts

    def worker_reports(self, index: int) -> str:
        """Prefix of what the script of one worker reported; that of worker 0 is the attempt's."""
        return f"{self.folder}/reports-{self.attempt}.{index}/" if index else self.reports

    @property
    def own_reports(self) -> str:
        """Prefix of what the script of worker 0 reported, once `reports` has what all workers reported."""
        return f"{self.folder}/reports-{self.attempt}.0/"

    @property
    def worker_records(self) -> str:
        """Prefix of all `worker_record` keys."""
        return f"{self.folder}/worker-{self.attempt}-"


def cancel_marker(run: str) -> str:
    """Key of the object whose existence forbids every step of the run to start."""
    return f"runs/{run}/cancelled"


def trial_stops(run: str) -> str:
    """Prefix of the objects that ask for the end of single trials, ``runs/<run>/_stops/<key>``. No step writes them."""
    return f"runs/{run}/_stops/"


def manifest_key(digest: str) -> str:
    """Key of a stored `Manifest`."""
    return f"manifests/{digest}.json"


def snapshot_key(digest: str) -> str:
    """Key of a stored snapshot: a zip of the folder."""
    return f"snapshots/{digest}.zip"


@dataclass(frozen=True, kw_only=True)
class InputBinding:
    """An input with its data resolved."""

    name: str
    ref: DataRef
    mode: Mode = Mode.AUTO
    path_on_compute: str = ""
    dataset: DatasetDefinition | None = None
    """The dataset's definition, if the script gets a dataset."""
    writable: bool = False
    """See `model.step.InputSpec.writable`."""
    keep_existing: bool = False
    """See `model.step.InputSpec.keep_existing`."""
    delivery: Delivery | None = None
    """The way in which this attempt gets the data; no part of the reuse key. None: a download."""

    @property
    def is_mounted(self) -> bool:
        """True if this attempt gets a mount."""
        return self.delivery is not None and self.delivery.mode is Mode.MOUNT

    @property
    def is_direct(self) -> bool:
        """True if the script reads the data by itself: nothing is brought to a path."""
        return self.delivery is not None and self.delivery.mode is Mode.DIRECT


@dataclass(frozen=True, kw_only=True)
class OutputBinding:
    """An output with its path resolved."""

    name: str
    datastore: str
    key: str
    """The key to which this attempt writes."""
    mode: Mode = Mode.MOUNT
    path_on_compute: str = ""
    folder: bool = False
    globs: tuple[str, ...] = ()
    """Only files that match one belong to it; empty: all."""


@dataclass(frozen=True)
class TimeLimits:
    """The longest time of each phase of an attempt, in seconds; 0: no limit. See `StepPolicy`."""

    queue: float = 0.0
    start: float = 0.0
    run: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Task:
    """The assignment of one attempt, stored at `TaskId.assignment`."""

    id: TaskId
    command: tuple[Argument, ...]
    """Parameters are bound; paths and the interpreter are not: only the side that runs it knows them."""
    snapshot: str
    environment: str
    """The result of the environment store: an image reference, or an interpreter's path."""
    lock: str = ""
    """The digest of the environment's lock; empty: it has none."""
    target: str
    name: str = ""
    """The step's name for people."""
    experiment: str = ""
    inputs: tuple[InputBinding, ...] = ()
    outputs: tuple[OutputBinding, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """The process's environment: v1's ``AZUREML_*``, ``AML_PARAMETER_*`` and the user's own."""
    interpreter: str = ""
    """Path of the Python to use inside an image; empty: ``python3``, else ``python``."""
    resources: Resources = field(default_factory=Resources)
    placement: Placement = field(default_factory=Placement)
    time_limits: TimeLimits = field(default_factory=TimeLimits)
    workers: Workers | None = None
    """The workers of the attempt, parameters bound; None: one, which runs the command once."""
    carried: str = ""
    """The folder of the pool that this attempt continues: that of the same step in the run that is retried.

    ``runs/<run>/<key>``; empty: there is none. Its keys may read it.
    """
    readable: tuple[str, ...] = ()
    """Folders of other runs that its keys may read: those of the trials that a search has reused."""
    access: Access = field(default_factory=Access)
    """All secrets and datastores that it may reach by name."""
    fingerprint: str = ""
    """The reuse key: what the step is and what it reads, never where or when it runs."""

    @property
    def digest(self) -> str:
        """Adoption compares this: an object of another digest under our name is not ours."""
        return digest_of(self)

    @property
    def step_run(self) -> str:
        """The id scripts see."""
        return step_run_id(self.id.run, self.id.key)
