"""The end of a pipeline file: its exit code and message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..dataclass import dataclass
from ..errors import BadInput, RunnerError, StoreError, TargetError
from ..operations.controller_health import ControllerGone
from ..wiring import OpenWorkspace
from .driver import called_at, complain, execute, not_python
from .exits import BAD_INPUT, DONE, FAILED, INTERRUPTED
from .main import print_error, print_problems
from .output import warn


@dataclass(frozen=True)
class Ending:
    """The end of a pipeline file."""

    code: int = DONE
    interrupted: bool = False
    idle: bool = False
    """True if it neither submitted nor stored a pipeline."""


def drive(session: OpenWorkspace, path: Path, arguments: Sequence[str]) -> Ending:
    """Run the file, and submit its ``pipeline`` if nothing was done with it. Raises no Exception of the file's."""
    try:
        names = execute(path, arguments)
        submit_unsubmitted(session, path, names)
    except SystemExit as error:
        return Ending(_exit_code(error))
    except KeyboardInterrupt:
        return Ending(INTERRUPTED, interrupted=True)
    except ControllerGone:
        raise
    except Exception as error:  # noqa: BLE001 - the user's file may raise anything
        if isinstance(error.__cause__, KeyboardInterrupt):  # v1's words for Ctrl-C while it waits for a run
            return Ending(INTERRUPTED, interrupted=True)
        return Ending(explain(session, error))
    return Ending(idle=not session.submitted and not getattr(names.get("pipeline"), "stored", False))


def submit_unsubmitted(session: OpenWorkspace, path: Path, names: Mapping[str, object]) -> None:
    """Submit the file's module-level ``pipeline``, under the file's name, unless the file submits or stores it."""
    from ..sdk.pipelines.pipeline import Pipeline

    pipeline = names.get("pipeline")
    if isinstance(pipeline, Pipeline) and not pipeline.stored and not session.submitted:
        pipeline.submit(path.stem)


def explain(session: OpenWorkspace, error: Exception) -> int:
    """Say why the file ended; the exit code. Runs it has submitted go on."""
    from ..sdk.base.exceptions import ActivityCanceledException, ActivityFailedException

    if isinstance(error, BadInput):
        print_problems(error.problems)
        _say_line(error, [problem.where for problem in error.problems])
        return BAD_INPUT
    if isinstance(error, SyntaxError) and not session.submitted:  # in a module that the file imports
        print_problems([not_python(error)])
        _say_line(error, ())
        return BAD_INPUT
    if isinstance(error, (ActivityFailedException, ActivityCanceledException)) and session.submitted:
        return FAILED  # it waited for its run, and the run's own summary tells more
    if isinstance(error, (StoreError, TargetError)) and not session.submitted:
        print_problems(unusable(session, error).problems)
        return BAD_INPUT
    if isinstance(error, RunnerError):
        print_error(error)
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
