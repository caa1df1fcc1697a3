"""The work of one program of a pool: its board, its plan, and the end of the step."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...data.program_end import ProgramEnd, write_program_end
from ...dataclass import dataclass
from ...errors import ObjectMissing, StoreError
from ...model.batch_words import failure_lines, progress_words
from ...model.batches import SILENCE, BatchError, BatchPlan
from ...model.context import StepContext
from ...model.digest import digest_of_bytes
from ...model.task import TaskId
from ...model.workers import CARRIED, EXTRA, WORK
from ...ports import ObjectStore
from ...runs.batch_board import BatchBoard
from ..base.step_folder import step_context, step_folder
from . import mini_batches
from .board_thread import BoardThread
from .children import Child
from .mini_batch import MiniBatch
from .output_files import OutputFiles, write_extra
from .pool import Pool, PoolFailed, PoolStopped
from .settings import Settings
from .stores import store_of, workspace_store

_ERRORS = "logs/user/error/"
_OVERVIEW = "logs/job_progress_overview.txt"
_RESULT = "logs/job_result.txt"
_LONGEST_WAIT = 2.0
"""Seconds between two looks for the plan of worker 0."""
_MOST_ATTEMPTS = 20
"""Attempts of the origin that are looked at."""
_TELL = 10.0
"""Seconds after which a worker says what it waits for."""


@dataclass(kw_only=True)
class Work:
    """The batches of the step, as this worker shares them."""

    settings: Settings
    context: StepContext
    board: BatchBoard
    plan: BatchPlan
    batches: Sequence[MiniBatch]
    workers: int
    files: OutputFiles

    @staticmethod
    def begun(settings: Settings, worker: int, workers: int, prepared: Path) -> Work:
        """Open the board and agree with the other workers on the batches.

        Args:
            settings: The settings.
            worker: The index of this worker.
            workers: The number of workers.
            prepared: The file to write for the worker processes.

        Returns:
            The work.

        Raises:
            StoreError: The store fails, or the inputs differ from those of worker 0.
            UserErrorException: The inputs cannot be cut.
        """
        context = step_context()
        store, task = workspace_store(context.access), TaskId(context.run, context.key, context.attempt)
        board = BatchBoard(store, task.batches, worker, time.monotonic)
        board.begin()
        cuts = _prepared(settings, context, store, board)
        prepared.write_bytes(cuts)
        batches = mini_batches.MiniBatches(settings, context, json.loads(cuts)).cut()
        work = f"{os.environ.get(WORK, '')}-{digest_of_bytes(cuts)}"
        files = OutputFiles.of(
            store,
            task,
            context.outputs,
            "" if settings.is_summary else settings.append_row_file_name,
            lambda name: store_of(context.access, name),
            os.environ,
        )
        plan = None
        for wait in _waits(board, "plans the batches"):
            if (plan := board.plan()) is not None:
                break
            time.sleep(wait)
        if plan is None:
            earlier = {one.batches: one for one in _earlier(task)}
            plan = board.begin_work(len(batches), work, earlier, lambda prefix: files.fetch(earlier[prefix]))
        if plan.batches != len(batches):
            raise StoreError(f"worker {worker} sees {len(batches)} batches, and worker 0 has planned {plan.batches}")
        return Work(
            settings=settings,
            context=context,
            board=board,
            plan=plan,
            batches=batches,
            workers=workers,
            files=files,
        )

    def pool(self, children: list[Child]) -> Pool:
        """Return the supervisor of as many processes as there are batches.

        Args:
            children: All processes that this worker may start.
        """
        most = max(1, self.plan.positions)
        for child in children[most:]:
            child.kill()
        return Pool(
            settings=self.settings,
            batches=self.batches,
            children=children[:most],
            board=BoardThread(self.board, self.plan, self.workers, self.files),
            incarnation=self.board.incarnation,
            worker=self.board.worker,
        )

    @contextmanager
    def shared(self, pool: Pool) -> Iterator[None]:
        """Run the thread of the board meanwhile; a failure here stops the other workers.

        Args:
            pool: The supervisor.

        Yields:
            Nothing.
        """
        pool.board.start()
        reason = ""
        try:
            yield
        except PoolFailed as error:
            reason = str(error)
            raise
        finally:
            if pool.board.is_alive():
                pool.board.close(reason)

    def failed(self, pool: Pool, error: PoolFailed) -> int:
        """Say why the step has failed, and return the exit code: 0 for a worker that others have stopped.

        Args:
            pool: The supervisor.
            error: The reason.
        """
        reason = str(error)
        if self.board.worker and isinstance(error, PoolStopped):
            print(f"runner: stopped, since the step has failed: {reason}", flush=True)
            return 0
        errors = [*pool.errors, *pool.board.errors]
        self._overview(pool, f"failed: {reason}", errors)
        sys.stdout.flush()
        print("\n".join(failure_lines(reason, errors, _ERRORS)), file=sys.stderr, flush=True)
        return 1

    def succeeded(self, pool: Pool) -> int:
        """Let the processes end, merge the rows, and return the exit code.

        Args:
            pool: The supervisor.
        """
        if self.board.worker == 0:
            self._merge()
            if EXTRA in os.environ:  # not where the outputs of all workers are those of this machine
                write_extra(self.board.attempts(self.plan), Path(os.environ[EXTRA]))
            self._overview(pool, "succeeded", pool.errors)
            self._tell_failed(pool)
        pool.finish()
        print(f"runner: {progress_words(pool.board.progress)}", flush=True)
        return 0

    def _tell_failed(self, pool: Pool) -> None:
        """Leave a warning for the record if items have failed within the limits of the author."""
        progress = pool.board.progress
        if progress.failed_items or progress.failed:
            words = f"{progress.failed:,} of {progress.total:,} batches and {progress.failed_items:,} items failed"
            words += ", within the limits of its settings; no later run reuses its outputs"
            write_program_end(step_folder(), ProgramEnd(warning=words))

    def _merge(self) -> None:
        """Write the rows of all batches, in the order of the batches."""
        if self.settings.is_summary or not self.settings.output:
            return
        place = Path(self.context.outputs[self.settings.output])
        place.mkdir(parents=True, exist_ok=True)
        with (place / self.settings.append_row_file_name).open("wb") as out:
            for rows in self.board.merged(self.plan):
                out.write(rows)

    def _overview(self, pool: Pool, end: str, errors: Sequence[BatchError]) -> None:
        """Write v1's files about the job."""
        progress = pool.board.progress
        lines = [progress_words(progress), f"{progress.items:,} items, {progress.failed_items:,} of them failed"]
        Path(_OVERVIEW).write_text("\n".join((*lines, "")), encoding="utf-8")
        Path(_RESULT).write_text(f"{end}\n", encoding="utf-8")
        if errors:
            lines = [f"batch {one.number} ({one.label}): {one.reason}" for one in errors]
            Path("logs/user/error.txt").write_text("\n".join((*lines, "")), encoding="utf-8", errors="replace")


def _prepared(settings: Settings, context: StepContext, store: ObjectStore, board: BatchBoard) -> bytes:
    """Return how the inputs are cut: worker 0 decides it once, or another one if that does not come."""
    key = f"{board.prefix}cuts.json"
    for wait in _waits(board, "finds out how its inputs are cut"):
        try:
            return store.get(key)
        except ObjectMissing:
            time.sleep(wait)
    data = json.dumps(mini_batches.prepare(settings, context)).encode()
    return data if store.put_if_absent(key, data) else store.get(key)


def _waits(board: BatchBoard, what: str) -> Iterator[float]:
    """Yield the seconds of each wait for worker 0; the end means that this worker has to act. Worker 0 looks once."""
    begun, wait, told = time.monotonic(), 0.05, False
    yield 0.0
    while board.worker and time.monotonic() - begun < SILENCE:
        if not told and time.monotonic() - begun > _TELL:
            told = True
            print(f"runner: waits until worker 0 {what}", flush=True)
        yield wait
        wait = min(_LONGEST_WAIT, 2 * wait)


def _earlier(task: TaskId) -> Iterator[TaskId]:
    """Yield the attempts whose results are carried: of earlier attempts, the last one first, then of the origin."""
    for attempt in range(task.attempt - 1, 0, -1):
        yield TaskId(task.run, task.key, attempt)
    if origin := os.environ.get(CARRIED):
        _, run, key = origin.split("/")
        yield from (TaskId(run, key, attempt) for attempt in range(_MOST_ATTEMPTS, 0, -1))
