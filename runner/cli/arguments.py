"""What can be typed: commands, arguments and their help. Loads argparse and nothing else."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping, Sequence
from functools import partial

_DRIVERS = ("run", "plan", "validate")
_EXITS = "exit codes: 0 done, 1 a step failed, 2 bad input, 130 interrupted"


def parse(argv: Sequence[str]) -> Namespace:
    """The command and its arguments; exits with code 2 and the usage when they make no sense.

    What follows ``--`` belongs to the pipeline file: ``options.arguments``.
    """
    own, rest = _split(argv)
    options = _parser(own[0] if own else "").parse_args(own)
    options.arguments = rest
    options.argv = list(argv)
    return options


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    given = list(argv)
    if given and given[0] in _DRIVERS and "--" in given:
        at = given.index("--")
        return given[:at], given[at + 1 :]
    return given, []


def _parser(command: str) -> ArgumentParser:
    """The parser of one command, or of all when it is none: each takes its time to make."""
    from .. import __version__

    about = "Run machine-learning pipelines on this machine or on Kubernetes."
    parser = ArgumentParser(prog="runner", description=about, epilog=_EXITS)
    parser.add_argument("--version", action="version", version=f"runner {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name in (command,) if command in _COMMANDS else _COMMANDS:
        help_, describe = _COMMANDS[name]
        describe(commands.add_parser(name, help=help_, description=f"{help_[0].upper()}{help_[1:]}."))
    return parser


def _run(parser: ArgumentParser) -> None:
    _driver(parser, "run")
    _logs_option(parser)
    _json(parser)


def _plan(parser: ArgumentParser) -> None:
    _driver(parser, "plan")
    help_ = "text: an overview (default); yaml, json: the plan itself"
    parser.add_argument("-o", dest="output", choices=("text", "yaml", "json"), default="text", help=help_)
    _json(parser)


def _driver(parser: ArgumentParser, name: str) -> None:
    parser.usage = f"runner {name} [options] FILE [-- ARGS …]"
    parser.add_argument("file", metavar="FILE", help="a Python file that submits a pipeline, or names one `pipeline`")
    _target(parser)


def _status(parser: ArgumentParser) -> None:
    _run_name(parser)
    _json(parser)


def _list(parser: ArgumentParser) -> None:
    parser.add_argument("-n", dest="count", type=_positive, default=20, metavar="N", help="how many (default: 20)")
    _target(parser)
    _json(parser)


def _show(parser: ArgumentParser) -> None:
    _run_name(parser)
    _step_name(parser)
    _json(parser)


def _logs(parser: ArgumentParser) -> None:
    _run_name(parser)
    _step_name(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run has ended")


def _resume(parser: ArgumentParser) -> None:
    _run_name(parser)
    _logs_option(parser)
    _json(parser)


def _data(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("ls", help="list files")
    listing.add_argument("prefix", nargs="?", default="", metavar="PREFIX", help="the beginning of their keys")
    _json(listing)
    get = actions.add_parser("get", help="copy a file or folder from the datastore")
    get.add_argument("key", metavar="KEY")
    get.add_argument("destination", metavar="DEST", help="a path on this machine")
    put = actions.add_parser("put", help="copy a file or folder to the datastore")
    put.add_argument("source", metavar="SRC", help="a path on this machine")
    put.add_argument("key", metavar="KEY")
    for action in (listing, get, put):
        _target(action)


def _doctor(parser: ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", default="", metavar="TARGET", help="one target (default: all there are)")
    _json(parser)


def _cluster(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    up = actions.add_parser("up", help="make it, or what of it is missing")
    up.add_argument("--port", type=int, help="of this machine, for the store (default: 9000)")
    image = "of the store (default: $RUNNER_MINIO_IMAGE, else one that is pinned)"
    up.add_argument("--minio-image", default="", metavar="IMAGE", help=image)
    for action in (up, actions.add_parser("down", help="delete it with all its data")):
        action.add_argument("--name", default="runner", help="of the kind cluster (default: runner)")
        action.add_argument("--target", default="kind", metavar="NAME", help="for --target (default: kind)")


def _run_name(parser: ArgumentParser) -> None:
    help_ = "a run's id, its beginning or its end; the newest when left out"
    parser.add_argument("run", nargs="?", default="", metavar="RUN", help=help_)
    _target(parser)


def _step_name(parser: ArgumentParser) -> None:
    parser.add_argument("step", nargs="?", default="", metavar="STEP", help="a step's name or key")


def _target(parser: ArgumentParser) -> None:
    help_ = "the configured target to use; it also names the store"
    parser.add_argument("--target", default="", metavar="NAME", help=help_)


def _logs_option(parser: ArgumentParser) -> None:
    parser.add_argument("--logs", action="store_true", help="show the steps' output as it comes")


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _positive(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ArgumentTypeError(f"{count} is not a positive number")
    return count


_COMMANDS: Mapping[str, tuple[str, Callable[[ArgumentParser], None]]] = {
    "run": ("run a pipeline file and wait for its runs", _run),
    "plan": ("show what a pipeline file would do; nothing is changed", _plan),
    "validate": ("check a pipeline file; nothing is started", partial(_driver, name="validate")),
    "status": ("a run's steps, outputs and metrics", _status),
    "list": ("the newest runs", _list),
    "show": ("everything about one step, or about a run's steps", _show),
    "logs": ("the output of a step, or of all steps", _logs),
    "cancel": ("end a run: stop its steps and start no more", _run_name),
    "resume": ("wait for a run; drive it on when its controller is gone", _resume),
    "data": ("list and copy files of the default datastore", _data),
    "doctor": ("what is missing, and the command that mends it", _doctor),
    "cluster": ("a local Kubernetes cluster (kind) with its store", _cluster),
}
