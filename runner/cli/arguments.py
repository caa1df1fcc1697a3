"""The commands, their arguments and their help texts. Imports argparse and nothing else at start."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from .numbers import not_negative, whole

if TYPE_CHECKING:
    from argparse import _MutuallyExclusiveGroup

_DRIVERS = ("run", "plan", "validate", "graph", "publish")
_WITH_ARGUMENTS = (*_DRIVERS, "environment")
"""The commands that take arguments for the pipeline file after ``--``."""
_MAY_BE_EMPTY = "--description"
_EXITS = "exit codes: 0 success, 1 failed or canceled, 2 invalid input, 130 interrupted (Ctrl-C)"


def parse(argv: Sequence[str]) -> Namespace:
    """Parse a command line. Exit with code 2 and the usage if it is invalid.

    Arguments after ``--`` belong to the pipeline file: ``options.arguments``.
    """
    own, rest = _split(argv)
    command = own[0] if own else ""
    if command and command not in _COMMANDS and not command.startswith("-"):
        from difflib import get_close_matches

        near = get_close_matches(command, _COMMANDS, 1)
        meant = f"; did you mean '{near[0]}'?" if near else ""
        _overview().error(f"there is no command '{command}'{meant}")
    options = _command(command, own) if command in _COMMANDS else _overview().parse_args(own)
    options.arguments = rest
    options.argv = list(argv)
    return options


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    given = list(argv)
    if given and given[0] in _WITH_ARGUMENTS and "--" in given:
        at = given.index("--")
        return given[:at], given[at + 1 :]
    return given, []


def _command(command: str, argv: Sequence[str]) -> Namespace:
    """Parse the options of one command. Only its own parser is built, because each costs start-up time."""
    parser, own = command_parser(command)
    if _has_empty_word(argv):
        own.error("an argument is empty: leave it out or give a value (is a variable of the shell not set?)")
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        own.error(_unknown(unknown, own.format_help()))
    return options


def command_parser(command: str) -> tuple[ArgumentParser, ArgumentParser]:
    """Build the parser of one command.

    Options cannot be abbreviated: a later release may add an option with the same beginning, and ``--retry 3`` must
    not mean ``--retry-oom 3``.

    Returns:
        The parser of the whole command line, and the one of the command.
    """
    parser = ArgumentParser(prog="runner")
    commands = parser.add_subparsers(dest="command", prog="runner")
    help_, describe = _COMMANDS[command]
    about = f"{help_[0].upper()}{help_[1:]}."
    own = commands.add_parser(command, description=about, epilog=_EXITS, allow_abbrev=False)
    describe(own)
    return parser, own


def _has_empty_word(words: Sequence[str]) -> bool:
    """Return True if a value is empty that must not be. An empty run name would mean the newest run."""
    pairs = zip(("", *words), words, strict=False)
    separate = any(not word and before != _MAY_BE_EMPTY for before, word in pairs)
    return separate or any(
        word.startswith("--") and word.endswith("=") and word[:-1] != _MAY_BE_EMPTY for word in words
    )


def _unknown(words: Sequence[str], known: str) -> str:
    """Return the error message for unknown arguments. `known` is the help text, which names every option."""
    from difflib import get_close_matches
    from re import findall

    first = words[0].partition("=")[0]
    near = get_close_matches(first, set(findall(r"--[a-z-]+", known)), 2) if first.startswith("-") else []
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"unrecognized arguments: {' '.join(words)}{meant}"


def _overview() -> ArgumentParser:
    """Build the parser for a command line without a command. Its help lists all commands."""
    from .. import __version__

    lines = [
        line
        for title, names in _GROUPS.items()
        for line in (f"{title}:", *(f"  {name:<13}{_COMMANDS[name][0]}" for name in names), "")
    ]
    parser = ArgumentParser(
        prog="runner",
        usage="runner COMMAND …",
        description="Run Azure ML SDK v1 pipelines on this machine or on Kubernetes.",
        epilog="\n".join([*lines, "runner COMMAND --help shows the options of a command.", _EXITS]),
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"runner {__version__}")
    parser.set_defaults(command=None)
    return parser


def _elsewhere(module: str, name: str = "describe") -> Callable[[ArgumentParser], None]:
    """Return the function of another module of this package, which is imported when it is called."""

    def describe(parser: ArgumentParser) -> None:
        from importlib import import_module

        getattr(import_module(f".{module}", __package__), name)(parser)

    return describe


def _run(parser: ArgumentParser) -> None:
    _driver(parser, "run", or_published=True)
    _detach_option(parser)
    _values(parser, "YAML and published pipelines")
    _policies(parser)
    _logs_option(parser)
    _json(parser)


def _plan(parser: ArgumentParser) -> None:
    _driver(parser, "plan", or_run=True)
    _values(parser)
    _policies(parser)
    help_ = "text: an overview (default); yaml: a pipeline file for `runner run`; json: the stored plan"
    parser.add_argument("-o", dest="output", choices=("text", "yaml", "json"), default="text", help=help_)
    _json(parser)


def _validate(parser: ArgumentParser) -> None:
    _driver(parser, "validate")
    _values(parser)
    _policies(parser)


def _graph(parser: ArgumentParser) -> None:
    _driver(parser, "graph", or_run=True)
    parser.add_argument(
        "--format",
        choices=("text", "mermaid", "dot", "json"),
        default="text",
        help="output format (default: text, a drawing)",
    )
    parser.add_argument("-o", dest="output", default="", metavar="FILE", help="write the graph to FILE")
    parser.add_argument(
        "--all",
        dest="every",
        action="store_true",
        help="show every step, also where many similar steps would be drawn as one line",
    )


def _driver(parser: ArgumentParser, name: str, *, or_run: bool = False, or_published: bool = False) -> None:
    other = "|RUN" * or_run + "|NAME[@VERSION]" * or_published
    parser.usage = f"runner {name} [options] FILE{other} [-- ARGS …]"
    help_ = "a YAML pipeline, or a Python file (with ARGS) that submits a pipeline or assigns it to `pipeline`"
    help_ += "; or a RUN" * or_run + "; or a published pipeline" * or_published
    parser.add_argument("file", metavar="FILE", help=help_)
    _target(parser)


def _values(parser: ArgumentParser, which: str = "YAML pipelines") -> None:
    help_ = f"{which}: the experiment name, in place of the file's or the pipeline's"
    parser.add_argument("--experiment", default="", metavar="NAME", help=help_)
    help_ = f"{which}: the value of a parameter, in place of its default; repeatable"
    parser.add_argument("-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE", help=help_)


def _policies(parser: ArgumentParser) -> None:
    from .policy_arguments import describe

    describe(parser)


def _publish(parser: ArgumentParser) -> None:
    from .published_arguments import describe_publish

    _driver(parser, "publish")
    describe_publish(parser)
    _json(parser)


def _status(parser: ArgumentParser) -> None:
    _run_name(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--watch",
        action="store_true",
        help="show the steps until the run has ended: as a board on a terminal, else a line for each change",
    )
    _json(form)
    help_ = "with --watch, the seconds between two looks at the run (default: as often as its store allows)"
    parser.add_argument("-n", dest="interval", type=not_negative, default=None, metavar="SECONDS", help=help_)


def _show(parser: ArgumentParser) -> None:
    _run_name(parser)
    _step_name(parser)
    help_ = "show the digests of all that went into the run and came out of it"
    parser.add_argument("--receipt", action="store_true", help=help_)
    _json(parser)


def _why(parser: ArgumentParser) -> None:
    _run_name(parser)
    _step_name(parser, "needed if the run has several steps")
    _json(parser)


def _logs(parser: ArgumentParser) -> None:
    _run_name(parser)
    _step_name(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="follow the output until the run has ended")
    parser.add_argument(
        "--worker",
        type=whole(0),
        metavar="N",
        help="the output of one worker of a step with several, from 0; default: 0",
    )
    from .log_arguments import describe_part

    describe_part(parser)


def _attach(parser: ArgumentParser) -> None:
    _run_name(parser)
    _logs_option(parser)
    _json(parser)


def _resume(parser: ArgumentParser) -> None:
    _run_name(parser)
    _detach_option(parser)
    _logs_option(parser)
    _json(parser)


def _retry(parser: ArgumentParser) -> None:
    _run_name(parser)
    part = parser.add_mutually_exclusive_group()
    part.add_argument(
        "--failed", action="store_true", help="run the steps that did not succeed, and the steps after them (default)"
    )
    help_ = "run STEP and all steps that depend on it, even if they succeeded; repeatable"
    part.add_argument("--from", dest="starts", action="append", default=[], metavar="STEP", help=help_)
    help_ = "run STEP and no other step; repeatable"
    part.add_argument("--only", action="append", default=[], metavar="STEP", help=help_)
    _detach_option(parser)
    _policies(parser)
    _logs_option(parser)
    _json(parser)


def _serve(parser: ArgumentParser) -> None:
    from .serve_arguments import describe

    describe(parser)
    _target(parser)


def _ui(parser: ArgumentParser) -> None:
    from .serve_arguments import describe_ui

    describe_ui(parser)
    _target(parser)


def _token(parser: ArgumentParser) -> None:
    from .token_arguments import describe

    describe(parser)


def _run_name(parser: ArgumentParser) -> None:
    help_ = "the id of a run, or the beginning or end of it (default: the newest run)"
    parser.add_argument("run", nargs="?", default="latest", metavar="RUN", help=help_)
    _target(parser)


def _step_name(parser: ArgumentParser, note: str = "default: all steps") -> None:
    parser.add_argument("step", nargs="?", default="", metavar="STEP", help=f"the name or key of a step ({note})")


def _target(parser: ArgumentParser) -> None:
    help_ = "the compute target to use, and with it the store (default: `target:` of runner.yaml, or this machine)"
    parser.add_argument("--target", default="", metavar="NAME", help=help_)


def _detach_option(parser: ArgumentParser) -> None:
    help_ = "run the controller in the cluster and return at once; this machine may be turned off"
    parser.add_argument("--detach", action="store_true", help=help_)


def _logs_option(parser: ArgumentParser) -> None:
    parser.add_argument("--logs", action="store_true", help="show the output of the steps while they run")


def _json(parser: ArgumentParser | _MutuallyExclusiveGroup) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


_COMMANDS: Mapping[str, tuple[str, Callable[[ArgumentParser], None]]] = {
    "run": ("run a pipeline file or a published pipeline and wait until the run has ended", _run),
    "plan": ("show what a pipeline file would run and upload; nothing starts", _plan),
    "validate": ("check a pipeline file and report all its problems; nothing starts", _validate),
    "graph": ("draw the steps of a pipeline file or of a run", _graph),
    "publish": ("publish a pipeline file, so that it can be run by its name from anywhere", _publish),
    "pipelines": (
        "list, show, run, compare and disable published pipelines",
        _elsewhere("published_arguments", "describe_pipelines"),
    ),
    "endpoints": (
        "list and show pipeline endpoints: names for versions of published pipelines",
        _elsewhere("published_arguments", "describe_endpoints"),
    ),
    "schedules": ("list, show, enable, disable and fire schedules", _elsewhere("schedule_arguments")),
    "status": ("show the steps, outputs and metrics of a run", _status),
    "list": ("list runs, newest first, all or those that fit", _elsewhere("history_arguments", "describe_list")),
    "tag": ("set, remove and show the tags of a run", _elsewhere("history_arguments", "describe_tag")),
    "compare": (
        "compare runs: parameters, code, environments, data, metrics, times",
        _elsewhere("history_arguments", "describe_compare"),
    ),
    "timeline": (
        "show when each step of a run waited and worked, and the critical path",
        _elsewhere("history_arguments", "describe_timeline"),
    ),
    "show": ("show the details of one step, or of all steps of a run", _show),
    "why": ("explain why a step ran or was reused", _why),
    "logs": ("print the output of one step, or of all steps", _logs),
    "cancel": ("cancel a run: stop its running steps and start no more", _run_name),
    "attach": ("follow a run until it has ended, from any machine", _attach),
    "resume": ("continue a run whose controller has stopped, or take over a detached run", _resume),
    "retry": ("run an ended run again as a new run: its failed steps, or chosen ones", _retry),
    "export": ("send an ended run to MLflow, OpenTelemetry or OpenLineage", _elsewhere("export_arguments")),
    "data": ("list, copy, compare, check and delete files of datastores and runs", _elsewhere("data_arguments")),
    "dataset": (
        "register files as a dataset with a name and version, and list datasets",
        _elsewhere("dataset_arguments"),
    ),
    "environment": ("lock, show, build, list, compare and remove environments", _elsewhere("environment_arguments")),
    "report": ("write a run as one HTML file, which needs no server and no network", _elsewhere("report_arguments")),
    "ui": ("show the runs and all that belongs to them as web pages on this machine", _ui),
    "serve": ("serve the workspace by REST, and fire its schedules on this machine", _serve),
    "token": ("make, list and revoke tokens for the REST endpoint", _token),
    "gc": (
        "list the runs and data that nothing needs any more; with --yes, delete them",
        _elsewhere("housekeeping_arguments", "describe_gc"),
    ),
    "keep": (
        "keep a run and all that it refers to, whatever its age",
        _elsewhere("housekeeping_arguments", "describe_keep"),
    ),
    "doctor": (
        "check the targets and show how to fix each problem",
        _elsewhere("housekeeping_arguments", "describe_doctor"),
    ),
    "cluster": ("create or delete a local Kubernetes cluster (kind) with a store", _elsewhere("cluster_arguments")),
}
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "pipelines": ("run", "plan", "validate", "graph"),
    "published pipelines": ("publish", "pipelines", "endpoints", "schedules"),
    "runs": ("status", "show", "why", "logs", "cancel", "attach", "resume", "retry"),
    "history": ("list", "compare", "timeline", "tag", "report", "ui", "export"),
    "data": ("data", "dataset"),
    "environments": ("environment",),
    "service": ("serve", "token"),
    "housekeeping": ("gc", "keep"),
    "setup": ("doctor", "cluster"),
}
"""The order in the overview."""
