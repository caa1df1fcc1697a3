"""What the end of a pipeline file means: an exit code, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..dataclass import dataclass
from ..errors import BadInput, RunnerError, StoreError, TargetError
from ..operations.liveness import Stranded
from ..wiring import OpenWorkspace
from .driver import called_at, complain, execute, not_python
from .exits import BAD_INPUT, DONE, FAILED, INTERRUPTED
from .main import say_error, say_problems
from .output import warn


@dataclass(frozen=True)
class Ending:
    """How the file ended."""

    code: int = DONE
    interrupted: bool = False


def drive(session: OpenWorkspace, path: Path, arguments: Sequence[str]) -> Ending:
    """Run the file, and submit its ``pipeline`` if it has submitted nothing. Raises no Exception of the file's."""
    try:
        submit_left_over(session, path, execute(path, arguments))
    except SystemExit as error:
        return Ending(_exit_code(error))
    except KeyboardInterrupt:
        return Ending(INTERRUPTED, interrupted=True)
    except Stranded:
        raise
    except Exception as error:  # noqa: BLE001 - the user's file may raise anything
        if isinstance(error.__cause__, KeyboardInterrupt):  # v1's words for Ctrl-C while it waits for a run
            return Ending(INTERRUPTED, interrupted=True)
        return Ending(explain(session, error))
    return Ending()


def submit_left_over(session: OpenWorkspace, path: Path, names: Mapping[str, object]) -> None:
    """Submit the file's module-level ``pipeline``, under the file's name, if nothing was submitted."""
    from ..sdk.pipeline import Pipeline

    pipeline = names.get("pipeline")
    if isinstance(pipeline, Pipeline) and not session.submitted:
        pipeline.submit(path.stem)


def explain(session: OpenWorkspace, error: Exception) -> int:
    """Say why the file ended; the exit code. Runs it has submitted go on."""
    from ..sdk.exceptions import ActivityCanceledException, ActivityFailedException

    if isinstance(error, BadInput):
        say_problems(error.problems)
        _say_line(error, [problem.where for problem in error.problems])
        return BAD_INPUT
    if isinstance(error, SyntaxError) and not session.submitted:  # in a module that the file imports
        say_problems([not_python(error)])
        _say_line(error, ())
        return BAD_INPUT
    if isinstance(error, (ActivityFailedException, ActivityCanceledException)) and session.submitted:
        return FAILED  # it waited for its run, and the run's own summary tells more
    if isinstance(error, (StoreError, TargetError)) and not session.submitted:
        say_problems(unusable(session, error).problems)
        return BAD_INPUT
    if isinstance(error, RunnerError):
        say_error(error)
        _say_line(error, ())
        return FAILED
    complain(error)
    return FAILED


def _say_line(error: Exception, told: Sequence[str]) -> None:
    """The line of the user's that it came from, unless the problems have it."""
    line = called_at(error)
    if line and line.partition("  ")[0] not in told:
        warn(f"  line:  {line}")


def unusable(session: OpenWorkspace, error: StoreError | TargetError) -> BadInput:
    """The error as bad input: the store or the target was no good before anything was started."""
    return BadInput(str(error), f"target '{session.target_in_force}'", f"see: runner doctor {session.target_in_force}")


def _exit_code(error: SystemExit) -> int:
    """As Python takes it: nothing is 0, a number is itself, anything else is printed and 1."""
    if error.code is None:
        return DONE
    if isinstance(error.code, int):
        return error.code
    warn(*str(error.code).split("\n"))
    return FAILED
