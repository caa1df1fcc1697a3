"""The embedded default: each step is a process of this machine, its data lie in the workspace's folder.

There is no bootstrap process then: the controller stages, starts the script in its own session and
commits when it has ended. Much input is copied beside the ticks of the controller: see `STAGE_BESIDE`.
The data may lie in a bucket instead: then each step brings its own bootstrap, see `Bootstraps`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...data.attempt_outputs import AttemptOutputs, as_time, bare_record
from ...data.dataset import Datastores
from ...data.secret_values import masks, readable
from ...data.transfers.count import TransferCount
from ...data.work_dir import Launch
from ...errors import BadInput, ObjectDamaged, Problem, StoreError, TargetUnreachable
from ...model.data_access import DataAccess
from ...model.disk_full import DISK_FULL
from ...model.observation import Observation, Phase
from ...model.record import AttemptRecord, Failure
from ...model.secret import SecretSource
from ...model.task import Task, TaskId
from ...ports import FolderStore, ObjectStore
from ...processes import orphans
from ...runs import records
from . import leftovers as process_leftovers
from . import view
from .bootstrap import RENEWAL, BootstrapConclusion, Bootstraps, refused
from .ending import Attempt, Conclusion, FolderConclusion
from .exits import Exits, Watched
from .files import AttemptFiles, Beginning
from .launch import Launcher
from .local_mounts import LocalMounts, access_of
from .spare_folders import SpareFolders, delete
from .staging import COPY_LIMIT, LocalStaging
from .threads import Threads

if TYPE_CHECKING:
    from concurrent.futures import Future

SWEEP_LIMIT = 16 << 20
"""Bytes of inputs above which an ended attempt's folder does not stay until the run's end."""
STAGE_BESIDE = 64 << 20
"""Bytes of inputs above which they are brought while the controller goes on with other steps."""
Starts = Callable[[], "subprocess.Popen[bytes]"]
"""Starts the process of an attempt. Raises BadInput, OSError, ValueError."""


@dataclass(kw_only=True)
class ProcessTarget:
    """ports.ComputeTarget over local processes, and a folder store or a bucket."""

    name: str
    store: ObjectStore
    """A folder store, unless there are `bootstraps`."""
    datastores: Datastores
    work: Path
    """The folder in which the attempts' folders are made."""
    tree: Callable[[], Path]
    """The folder with our own code as a step carries it."""
    workers: int = 0
    copy_limit: int = COPY_LIMIT
    folders: Callable[[], Mapping[str, str]] = dict
    """Paths of the datastores that are folders, by name; scripts may reach them."""
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    """Sources of the secrets. Scripts read them there; their values are masked in all that is stored."""
    views: Callable[[], bool] = view.possible
    """Return True if scripts can run in views in which the originals of large inputs are read-only."""
    mounts: LocalMounts | None = None
    cache: str = ""
    bootstraps: Bootstraps | None = None
    """Starts steps that reach their stores by themselves; None: this process stages them and takes their outputs."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds; stands still while the machine sleeps."""
    _attempts: dict[TaskId, Attempt] = field(default_factory=dict)
    _exits: Exits = field(default_factory=Exits)
    _threads: Threads = field(default_factory=Threads)
    _scanned: set[str] = field(default_factory=set)
    _keeping: list[Future[None]] = field(default_factory=list)
    """Folders of ended attempts that are being kept for later ones."""
    _values: set[str] = field(default_factory=set, repr=False)
    """The values of secrets that have been read."""
    _renewed: float = 0.0
    """The last time at which the keys of running steps were read again, by `monotonic`."""

    @property
    def capacity(self) -> int:
        """The configured number of workers, else one per core."""
        return self.workers or os.cpu_count() or 1

    def start(self, task: Task) -> str:
        """Stage and start the script, or adopt the attempt that an earlier controller made."""
        attempt = self._attempts.get(task.id)
        if attempt is None:
            attempt = self._known(task)
            try:
                self._begin(attempt)
            except BaseException:
                del self._attempts[task.id]  # nothing was begun
                raise
        return attempt.observation.uid

    def begun(self, task: TaskId) -> str:
        """Return the digest that the attempt's folder holds; empty: there is no folder."""
        return self._files(task).task

    def observe(self, run: str) -> Mapping[TaskId, Observation]:
        """Return the attempts that were started or found on the disk."""
        if run not in self._scanned:
            self._scanned.add(run)
            self._scan(run)
        self._go()
        self._settle()
        if self.bootstraps and self.monotonic() - self._renewed >= RENEWAL:
            self._renewed = self.monotonic()
            self.bootstraps.renew(tuple(self._attempts.values()))
        process_leftovers.release([attempt.files for attempt in tuple(self._attempts.values())])
        for attempt in tuple(self._attempts.values()):
            if attempt.unfinished is not None:
                self._conclusion.go_on(attempt)
            self._conclusion.keep_due_reports(attempt, self.monotonic)
        now = self.monotonic()
        return {task: attempt.seen(now) for task, attempt in tuple(self._attempts.items()) if task.run == run}

    def wait(self, seconds: float) -> None:
        """Return as soon as a process has ended."""
        self._exits.wait(seconds)

    def begin_stop(self, task: TaskId, uid: str) -> None:  # noqa: ARG002 - the path is enough
        """Tell a bootstrap to stop; a script alone gets no grace period, so no stop waits for another."""
        if self.bootstraps:
            self.bootstraps.begin_stop(AttemptFiles(Path(uid)))

    def stop(self, task: TaskId, uid: str) -> None:
        """Kill the attempt's process, and all that has come of it."""
        if self.bootstraps:
            self.bootstraps.stop(AttemptFiles(Path(uid)))
        process_leftovers.end_all(AttemptFiles(Path(uid)))
        attempt = self._attempts.get(task)
        if attempt is None:
            self.remove(task, uid)
            return
        with attempt.ending:  # it may have ended by itself, and be committed right now
            attempt.stopped = True
            self.remove(task, uid)

    def remove(self, task: TaskId, uid: str) -> None:
        """Keep the attempt's folder for a later one if it has ended by itself and little lies in it; else delete it.

        A folder of an attempt that an earlier controller has started is not kept: see `FolderUsers`.
        It is deleted now if the attempt had much input, else with the run's folder, so that no step waits for it.
        """
        attempt = self._attempts.pop(task, None)
        if self.mounts:
            self._threads.workers.submit(self.mounts.end, task)
        if attempt is not None and attempt.alone and attempt.adopted and not attempt.stopped:
            self._keeping.append(self._threads.workers.submit(self._spare.keep, Path(uid)))
        elif attempt is None or self.bootstraps or sum(one.ref.bytes for one in attempt.task.inputs) > SWEEP_LIMIT:
            self._threads.workers.submit(delete, Path(uid))

    def finish(self, run: str) -> None:
        """Delete the run's work folder."""
        for keeping in self._keeping:
            keeping.result()
        self._keeping.clear()
        self._threads.workers.submit(delete, self.work / run).result()
        if self.mounts:
            self.mounts.finish(run)

    def keep_reports(self, task: TaskId) -> None:
        """Store the reports of a script whose store is a folder; those of others are stored by their bootstraps."""
        if attempt := self._attempts.get(task):
            self._conclusion.keep_reports(attempt)

    def problems(self, *, gangs: bool = False) -> tuple[Problem, ...]:  # noqa: ARG002 - all workers are here
        """Return a problem if this machine has no POSIX shell."""
        shell = Problem("there is no POSIX shell 'sh' on this machine", remedy="use WSL, Linux or macOS")
        return () if shutil.which("sh") else (shell,)

    def data_access(self) -> DataAccess:
        """Return what `mounts` can do, and the room on the disk of the work folder."""
        return access_of(self.mounts, self.work)

    def close(self) -> None:
        """Let go of threads and descriptors; started processes go on."""
        self._threads.close()
        self._exits.close()
        if "_adopts_orphans" in vars(self):
            orphans.adopt(wanted=False)

    def _known(self, task: Task) -> Attempt:
        files, now = self._files(task.id), time.time()
        self._attempts[task.id] = attempt = Attempt(
            task=task,
            files=files,
            observation=Observation(phase=Phase.PENDING, uid=str(files.folder), placed=True),
            begun=now,
            staged=now,
        )
        return attempt

    def _files(self, task: TaskId) -> AttemptFiles:
        return AttemptFiles(self.work / task.run / f"{task.key}.{task.attempt}")

    def _begin(self, attempt: Attempt) -> None:
        if self._conclusion.is_over(attempt):
            return
        try:
            attempt.files.make(attempt.task.digest, self._spare.take)
        except FileExistsError:
            self._adopt(attempt)
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise TargetUnreachable(f"no room for a step in {self.work}: make room on that disk") from error
        else:
            self._spawn(attempt)

    def _spawn(self, attempt: Attempt) -> None:
        """Bring the inputs and start the process; beside the ticks, when that takes long."""
        bring = partial(self._mounted, self.bootstraps) if self.bootstraps else self._staged
        reason = self._slow(attempt.task)
        if not reason:
            bring(attempt, self.monotonic())()
            return
        attempt.observation = replace(attempt.observation, reason=reason)
        self._threads.stagers.submit(self._bring_beside, attempt, partial(bring, attempt, self.monotonic()))

    def _slow(self, task: Task) -> str:
        """Return why it takes long to bring the inputs; empty: it does not."""
        if any(binding.is_mounted for binding in task.inputs):
            return "its inputs are being mounted"
        size = 0 if self.bootstraps else sum(binding.ref.bytes for binding in task.inputs)
        return f"{size / 1e9:.1f} GB of inputs are being copied" if size > STAGE_BESIDE else ""

    def _bring_beside(self, attempt: Attempt, bring: Callable[[], Callable[[], None]]) -> None:
        attempt.go = bring()
        self._exits.ring()
        if attempt.stopped and self.mounts:
            self.mounts.end(attempt.task.id)

    def _mounted(self, bootstraps: Bootstraps, attempt: Attempt, begun: float) -> Callable[[], None]:
        """Mount the inputs for a bootstrap, and return how to start it; it brings the others itself."""
        task = attempt.task
        mounts = self.mounts.serve_all(task) if self.mounts else None
        starts = partial(bootstraps.start, task, attempt.files, mounts)
        return partial(self._start_process, attempt, starts, begun, partial(refused, attempt))

    def _staged(self, attempt: Attempt, begun: float) -> Callable[[], None]:
        """Bring the inputs, and return how to start the script."""
        attempt.transfers = TransferCount(phase="inputs")
        results = self._conclusion.results(attempt, self._launcher.access(attempt.task))
        launch: Launch | AttemptRecord
        try:
            launch = results.staged(attempt.task.environment)
        except Exception as error:  # noqa: BLE001 - in a thread of the pool nobody would hear of it
            reason = f"runner failed to bring its inputs: {type(error).__name__}: {error}"
            launch = results.failed(Failure.STORE, reason)
        return partial(self._run, attempt, results, begun, launch)

    def _go(self) -> None:
        """Start the scripts whose inputs have been brought meanwhile; not those of attempts that were stopped."""
        for attempt in tuple(self._attempts.values()):
            if attempt.go is not None:
                go, attempt.go = attempt.go, None
                go()

    def _run(self, attempt: Attempt, results: AttemptOutputs, begun: float, launch: Launch | AttemptRecord) -> None:
        """Start the script; `begun`: when staging began, by the machine's own clock."""
        if isinstance(launch, AttemptRecord):
            self._conclusion.end(attempt, launch)
            return
        protected = self._staging.protected(attempt.task)
        starts = partial(self._launcher.start, attempt.task, attempt.files, launch, protected)
        self._start_process(attempt, starts, begun, results.refused)

    def _start_process(
        self, attempt: Attempt, starts: Starts, begun: float, refused: Callable[[Exception], AttemptRecord]
    ) -> None:
        attempt.staged, attempt.beginning = time.time(), Beginning.noted(begun)
        attempt.adopted = self._adopts_orphans
        try:
            attempt.files.begin(attempt.beginning)
            process = starts()
        except (BadInput, OSError, ValueError) as error:
            self._conclusion.end(attempt, refused(error))
            return
        started = as_time(attempt.begun)
        attempt.observation = replace(attempt.observation, phase=Phase.RUNNING, reason="", started=started)
        self._watch(attempt, process)

    def _scan(self, run: str) -> None:
        """Find the attempts that earlier controllers started here."""
        folder = self.work / run
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            key, _, number = path.name.rpartition(".")
            if not key or not number.isdecimal():
                continue
            task = TaskId(run, key, int(number))
            if task not in self._attempts:
                self._find(task)

    def _find(self, task: TaskId) -> None:
        """Adopt an attempt. If a power failure took its assignment or record, the controller finds it lost."""
        try:
            assigned = records.assignment(self.store, task.assignment, self._files(task).task)
            if assigned.target == self.name:
                self._adopt(self._known(assigned))
        except ObjectDamaged as error:
            self._disown(task, str(error))
        except StoreError:
            self._attempts.pop(task, None)

    def _disown(self, task: TaskId, reason: str) -> None:
        """End an attempt whose task is unknown, so that its outputs have no place; its record gives the reason."""
        files = self._files(task)
        begun = beginning.wall if (beginning := files.beginning) else time.time()
        process_leftovers.end_all(files)
        with suppress(StoreError):  # then it is found lost
            records.refuse(self.store, task, bare_record(task.attempt, Failure.INPUT, reason, begun=begun))

    def _adopt(self, attempt: Attempt) -> None:
        if attempt.files.task not in ("", attempt.task.digest):
            self._disown(attempt.task.id, f"the assignment {attempt.task.id.assignment!r} was changed in the store")
        record = records.record_of(self.store, attempt.task.id)
        if record is not None:
            self._conclusion.end(attempt, record)
        elif attempt.files.give_up():
            reason = "its controller ended before it started"
            attempt.observation = Observation(
                phase=Phase.FAILED, uid=attempt.observation.uid, reason=reason, failure=Failure.UNSTARTED
            )
        else:
            attempt.beginning = attempt.files.beginning
            if attempt.beginning is not None:
                attempt.begun = attempt.staged = attempt.beginning.wall
            running = Observation(phase=Phase.RUNNING, uid=attempt.observation.uid, started=as_time(attempt.begun))
            attempt.observation = running
            self._watch(attempt, None)

    def _watch(self, attempt: Attempt, process: subprocess.Popen[bytes] | None) -> None:
        pid = process.pid if process is not None else attempt.files.pid
        self._exits.watch(Watched(attempt.task.id, pid, process, attempt.files.alive))

    def _settle(self) -> None:
        """Conclude the attempts whose processes have ended: here if nothing else runs, else beside it."""
        for task in self._exits.take():
            attempt = self._attempts.get(task)
            if attempt and len(self._attempts) == 1:
                self._conclusion.conclude(attempt)
            elif attempt:
                self._threads.workers.submit(self._conclusion.conclude, attempt).add_done_callback(
                    lambda _: self._exits.ring()
                )

    @cached_property
    def _adopts_orphans(self) -> bool:
        return orphans.adopt()

    @cached_property
    def _spare(self) -> SpareFolders:
        return SpareFolders(self.work / "spare", self.capacity)

    @cached_property
    def _launcher(self) -> Launcher:
        return Launcher(self._folder_store, self.tree, self.folders, self.secrets)

    @cached_property
    def _conclusion(self) -> Conclusion:
        if self.bootstraps is not None:
            return BootstrapConclusion(self.store, self._staging, self._hidden)
        return FolderConclusion(self._folder_store, self._staging, self._hidden)

    @cached_property
    def _staging(self) -> LocalStaging:
        own = LocalStaging(store=self.store, datastores=self.datastores, work=self.work)
        return replace(own, copy_limit=self.copy_limit, views=self.views, mounts=self.mounts, cache=self.cache)

    @property
    def _folder_store(self) -> FolderStore:
        if not isinstance(self.store, FolderStore):
            raise TypeError("a store that is no folder needs bootstraps")
        return self.store

    def _hidden(self) -> tuple[bytes, ...]:
        """Return what is masked: the values of the configured secrets now and before, as they may be renewed."""
        self._values.update(readable(self.secrets))
        return masks(self._values)
