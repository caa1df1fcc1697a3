"""The front door: from what was typed to a command, and from its end to an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ..errors import BadInput, Problem, RunnerError
from .arguments import parse
from .exits import BAD_INPUT, FAILED, INTERRUPTED


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code: 0 done, 1 a step failed, 2 bad input, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 gets question marks, not a traceback
    options = parse(sys.argv[1:] if argv is None else argv)
    if not options.command:
        options = parse(["--help"])
    try:
        check_folder()
        return int(import_module(f".commands.{options.command}", __package__).run(options))
    except BadInput as error:
        print_problems(error.problems)
        return BAD_INPUT
    except RunnerError as error:
        print_error(error)
        return FAILED
    except BrokenPipeError:
        # Whoever read our output has gone (`runner list | head`): Python must not complain of it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def check_folder() -> None:
    """Raise BadInput when the current folder was deleted: every command starts from it."""
    try:
        os.getcwd()  # noqa: PTH109 - text is all that is wanted, and quick
    except FileNotFoundError as error:
        raise BadInput("the current folder no longer exists", remedy="change to another one: cd FOLDER") from error


def print_problems(problems: Sequence[Problem]) -> None:
    """Print what is wrong, where, and what to do: all of it."""
    from ..model.printable import continued, remedy_lines
    from .output import warn
    from .paint import paint_for

    paint = paint_for(sys.stderr)
    if len(problems) > 1:
        warn(paint(f"{len(problems)} problems", "bold red"))
    for problem in problems:
        warn(*continued(paint("error: ", "bold red"), problem.what))
        if problem.where:
            warn(*continued(f"  {paint('where:', 'dim')} ", problem.where, " " * 9))
        if problem.remedy:
            warn(*remedy_lines(problem.remedy, paint("do:", "dim")))


def print_error(error: Exception) -> None:
    """Print one error that says all there is to say."""
    from ..model.printable import continued
    from .output import warn

    warn(*continued("error: ", str(error)))
