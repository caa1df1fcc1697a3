"""What can be typed: commands, arguments and their help. Loads argparse and nothing else."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

_DRIVER_COMMANDS = ("run", "plan", "validate")
_RUN = "a run's id, its beginning or its end; the newest when left out"
_IMAGE = "of the store (default: $RUNNER_MINIO_IMAGE, else one that is pinned)"
_TARGET = "the configured target to use; it also names the store"


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command and its arguments; exits with code 2 and the usage when they make no sense.

    What follows ``--`` belongs to the pipeline file: ``options.arguments``.
    """
    own, rest = _split(argv)
    options = _parser().parse_args(own)
    options.arguments = rest
    options.argv = list(argv)
    return options


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    given = list(argv)
    if given and given[0] in _DRIVER_COMMANDS and "--" in given:
        at = given.index("--")
        return given[:at], given[at + 1 :]
    return given, []


def _parser() -> argparse.ArgumentParser:
    from .. import __version__

    parser = argparse.ArgumentParser(
        prog="runner",
        description="Run machine-learning pipelines on this machine or on Kubernetes.",
        epilog="exit codes: 0 done, 1 a step failed, 2 bad input, 130 interrupted",
    )
    parser.add_argument("--version", action="version", version=f"runner {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_driver_commands(commands)
    _add_run_commands(commands)
    _add_data_commands(commands)
    _add_cluster_commands(commands)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse gives the type no public name


def _add_driver_commands(commands: _Commands[argparse.ArgumentParser]) -> None:
    run = _add_driver(commands, "run", "run a pipeline file and wait for its runs")
    run.add_argument("--logs", action="store_true", help="show the steps' output as it comes")
    _json(run)
    plan = _add_driver(commands, "plan", "show what a pipeline file would do; nothing is changed")
    kinds = ("text", "yaml", "json")
    help_ = "text: an overview (default); yaml, json: the plan itself"
    plan.add_argument("-o", dest="output", choices=kinds, default="text", help=help_)
    _json(plan)
    _add_driver(commands, "validate", "check a pipeline file; nothing is started")


def _add_run_commands(commands: _Commands[argparse.ArgumentParser]) -> None:
    status = _add(commands, "status", "a run's steps, outputs and metrics")
    _run(status)
    _json(status)
    listing = _add(commands, "list", "the newest runs")
    listing.add_argument("-n", dest="count", type=_positive, default=20, metavar="N", help="how many (default: 20)")
    _json(listing)
    show = _add(commands, "show", "everything about one step, or about a run's steps")
    _run(show)
    _step(show)
    _json(show)
    logs = _add(commands, "logs", "the output of a step, or of all steps")
    _run(logs)
    _step(logs)
    logs.add_argument("-f", "--follow", action="store_true", help="go on until the run has ended")
    cancel = _add(commands, "cancel", "end a run: stop its steps and start no more")
    _run(cancel)
    resume = _add(commands, "resume", "wait for a run; drive it on when its controller is gone")
    _run(resume)
    resume.add_argument("--logs", action="store_true", help="show the steps' output as it comes")
    _json(resume)


def _add_data_commands(commands: _Commands[argparse.ArgumentParser]) -> None:
    data = commands.add_parser("data", help="list and copy files of the default datastore")
    actions = data.add_subparsers(dest="action", metavar="ACTION", required=True)
    ls = _add(actions, "ls", "list files")
    ls.add_argument("prefix", nargs="?", default="", metavar="PREFIX", help="the beginning of their keys")
    _json(ls)
    get = _add(actions, "get", "copy a file or folder from the datastore")
    get.add_argument("key", metavar="KEY")
    get.add_argument("destination", metavar="DEST", help="a path on this machine")
    put = _add(actions, "put", "copy a file or folder to the datastore")
    put.add_argument("source", metavar="SRC", help="a path on this machine")
    put.add_argument("key", metavar="KEY")


def _add_cluster_commands(commands: _Commands[argparse.ArgumentParser]) -> None:
    doctor = commands.add_parser("doctor", help="what is missing, and the command that mends it")
    doctor.add_argument("target", nargs="?", default="", metavar="TARGET", help="one target (default: all there are)")
    _json(doctor)
    cluster = commands.add_parser("cluster", help="a local Kubernetes cluster (kind) with its store")
    actions = cluster.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, help_ in (("up", "make it, or what of it is missing"), ("down", "delete it with all its data")):
        action = actions.add_parser(name, help=help_)
        action.add_argument("--name", default="runner", help="of the kind cluster (default: runner)")
        action.add_argument("--target", default="kind", help="the name for --target (default: kind)")
        if name == "up":
            action.add_argument("--port", type=int, help="of this machine, for the store (default: 9000)")
            action.add_argument("--minio-image", default="", metavar="IMAGE", help=_IMAGE)


def _add(commands: _Commands[argparse.ArgumentParser], name: str, help_: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.")
    parser.add_argument("--target", default="", metavar="NAME", help=_TARGET)
    return parser


def _add_driver(commands: _Commands[argparse.ArgumentParser], name: str, help_: str) -> argparse.ArgumentParser:
    parser = _add(commands, name, help_)
    parser.usage = f"runner {name} [options] FILE [-- ARGS …]"
    parser.add_argument("file", metavar="FILE", help="a Python file that submits a pipeline, or names one `pipeline`")
    return parser


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", default="", metavar="RUN", help=_RUN)


def _step(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("step", nargs="?", default="", metavar="STEP", help="a step's name or key")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _positive(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{count} is not a positive number")
    return count
