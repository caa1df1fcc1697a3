"""The program of a ParallelRunStep: each worker of the step runs it once, without any code of the user's.

It starts the worker processes first, since they take the longest, then opens the board, and shares the batches with the
programs of the other workers. Worker 0 plans the work at the beginning and merges the rows at the end.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ...dataclass import dataclass
from ...model.exits import STOPPED
from ...model.workers import PROCESSES, WORKER, WORKERS
from ...processes import cores
from . import worker_process
from .children import FORKS, Child
from .settings import Place, Settings, of_arguments, script_arguments

if TYPE_CHECKING:
    from .pool import Pool
    from .work import Work

_LOGS = "logs/user"


class Stopped(BaseException):
    """The program has received SIGTERM."""


@dataclass(frozen=True, kw_only=True)
class Crew:
    """The worker of this program among all of the step."""

    workers: int
    """The number of programs that share the batches."""
    worker: int
    """The index of this one."""
    nodes: int
    """The number of nodes whose processes this program starts."""
    processes: int
    """Processes per node."""

    @staticmethod
    def of(environ: Mapping[str, str]) -> Crew:
        """Return what the variables of `model.workers` say.

        Args:
            environ: The variables of the process.
        """
        workers = max(1, int(environ.get(WORKERS, "1")))
        processes = int(environ.get(PROCESSES, "0")) or cores.usable()
        if WORKER in environ:
            return Crew(workers=workers, worker=int(environ[WORKER]), nodes=1, processes=processes)
        return Crew(workers=1, worker=0, nodes=workers, processes=processes)

    def places(self) -> Iterator[tuple[str, str]]:
        """Yield the node and the name of each process."""
        for node in range(self.nodes):
            for process in range(self.processes):
                yield str(self.worker + node), f"process{process:03d}"


def main(arguments: Sequence[str]) -> int:
    """Run the step's batches together with the other workers.

    Args:
        arguments: See `settings`.

    Returns:
        The exit code of the step's process.
    """
    signal.signal(signal.SIGTERM, _stop)
    try:
        settings, own = of_arguments(arguments)
    except ValueError as error:
        return _failed(str(error))
    crew = Crew.of(os.environ)
    life, end = os.pipe()
    children = _children(settings, own, crew, life)
    for child in children[: max(1, cores.usable())] if FORKS else ():
        if (pipes := child.fork()) is not None:
            return worker_process.main(pipes)
    try:
        return _run(settings, crew, children)
    except Stopped:
        return STOPPED
    finally:
        for child in children:
            child.kill()
        os.close(end)
        os.close(life)


def _run(settings: Settings, crew: Crew, children: list[Child]) -> int:
    from ...errors import RunnerError
    from ..base.exceptions import AzureMLException
    from .work import Work

    try:
        work = Work.begun(settings, crew.worker, crew.workers, Path(children[0].place.prepared))
    except (RunnerError, AzureMLException) as error:
        return _refused(error)
    pool = work.pool(children)
    for child in pool.children:
        if not child.starts:
            child.start()
    return _ended(work, pool)


def _ended(work: Work, pool: Pool) -> int:
    """Run the batches and return the exit code."""
    from ...errors import RunnerError
    from .pool import PoolFailed

    try:
        try:
            with work.shared(pool):
                pool.run()
        except PoolFailed as error:
            pool.kill()
            return work.failed(pool, error)
        return work.succeeded(pool)
    except RunnerError as error:
        return _refused(error)


def _children(settings: Settings, own: Sequence[str], crew: Crew, life: int) -> list[Child]:
    here = Path.cwd()
    logs = here / _LOGS
    output = _output(settings)
    arguments = tuple(script_arguments(settings, output, crew.processes, own))
    prepared = str(_prepared())
    return [
        Child(
            index,
            Place(
                node=node,
                process=process,
                log=str(logs / "entry_script_log" / node / f"{process}.log.txt"),
                errors=str(logs / "error" / node / f"{process}.error.txt"),
                stderr=str(logs / "stderr" / node / f"{process}.stderr.txt"),
                working_dir=str(here),
                output_dir=output,
                prepared=prepared,
                settings=settings,
                arguments=arguments,
            ),
            life,
            logs,
        )
        for index, (node, process) in enumerate(crew.places())
    ]


def _output(settings: Settings) -> str:
    from ..base.step_folder import step_context

    return step_context().outputs[settings.output] if settings.output else ""


def _prepared() -> Path:
    from ..base.step_folder import step_folder

    return step_folder() / f"batches-{time.time_ns()}.json"


def _refused(error: Exception) -> int:
    """Say why the batches could not be run. A store that fails is no fault of the script: an attempt may follow."""
    from ...data.program_end import ProgramEnd, write_program_end
    from ...errors import StoreError
    from ..base.step_folder import step_folder

    if not isinstance(error, StoreError):
        return _failed(_in_words(error))
    print(f"runner: the store of the batches failed: {error}", file=sys.stderr, flush=True)
    write_program_end(step_folder(), ProgramEnd(reason=f"the store of its batches failed: {error}", lost=True))
    return 1


def _in_words(error: Exception) -> str:
    """Return what is wrong, where, and what to do, without the labels that stand before them in several lines."""
    from ...errors import BadInput

    problems = error.problems if isinstance(error, BadInput) else ()
    return "; ".join(part for problem in problems for part in problem if part) or str(error)


def _failed(reason: str) -> int:
    words = " ".join(reason.split())  # in one line, which becomes the reason of the step's failure
    print(f"  the step's batches cannot be run\nParallelRunFailed: {words}", file=sys.stderr, flush=True)
    return 1


def _stop(_number: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
