"""What can be typed: commands, arguments and their help. Loads argparse and nothing else."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping, Sequence

_DRIVERS = ("run", "plan", "validate", "graph")
_MAY_BE_EMPTY = "--description"
_EXITS = "exit codes: 0 done, 1 a step failed, 2 bad input, 130 interrupted"


def parse(argv: Sequence[str]) -> Namespace:
    """The command and its arguments; exits with code 2 and the usage when they make no sense.

    What follows ``--`` belongs to the pipeline file: ``options.arguments``.
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
    if given and given[0] in _DRIVERS and "--" in given:
        at = given.index("--")
        return given[:at], given[at + 1 :]
    return given, []


def _command(command: str, argv: Sequence[str]) -> Namespace:
    """The options of one command, by a parser of its own: each takes its time to make.

    Beginnings of options do not count: a later option may begin alike, and ``--retry 3`` is not ``--retry-oom 3``.
    """
    parser = ArgumentParser(prog="runner")
    commands = parser.add_subparsers(dest="command", prog="runner")
    help_, describe = _COMMANDS[command]
    about = f"{help_[0].upper()}{help_[1:]}."
    own = commands.add_parser(command, description=about, epilog=_EXITS, allow_abbrev=False)
    describe(own)
    if _has_empty_word(argv):
        own.error("an argument is empty: leave it out or give a value (is a variable of the shell not set?)")
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        own.error(_unknown(unknown, own.format_help()))
    return options


def _has_empty_word(words: Sequence[str]) -> bool:
    """Return True when a value is empty that must not be: an empty run would mean the newest one."""
    pairs = zip(("", *words), words, strict=False)
    separate = any(not word and before != _MAY_BE_EMPTY for before, word in pairs)
    return separate or any(
        word.startswith("--") and word.endswith("=") and word[:-1] != _MAY_BE_EMPTY for word in words
    )


def _unknown(words: Sequence[str], known: str) -> str:
    """`known` is the help that names every option."""
    from difflib import get_close_matches
    from re import findall

    first = words[0].partition("=")[0]
    near = get_close_matches(first, set(findall(r"--[a-z-]+", known)), 2) if first.startswith("-") else []
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"unrecognized arguments: {' '.join(words)}{meant}"


def _overview() -> ArgumentParser:
    """The parser for what names no command: its help lists them all."""
    from .. import __version__

    lines = [
        line
        for title, names in _GROUPS.items()
        for line in (f"{title}:", *(f"  {name:<11}{_COMMANDS[name][0]}" for name in names), "")
    ]
    parser = ArgumentParser(
        prog="runner",
        usage="runner COMMAND …",
        description="Run machine-learning pipelines on this machine or on Kubernetes.",
        epilog="\n".join([*lines, "runner COMMAND --help tells more.", _EXITS]),
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"runner {__version__}")
    parser.set_defaults(command=None)
    return parser


def _run(parser: ArgumentParser) -> None:
    _driver(parser, "run")
    _detach_option(parser)
    _values(parser)
    _policies(parser)
    _logs_option(parser)
    _json(parser)


def _plan(parser: ArgumentParser) -> None:
    _driver(parser, "plan", or_run=True)
    _values(parser)
    _policies(parser)
    help_ = "text: an overview (default); yaml: a file for `runner run`; json: the plan itself"
    parser.add_argument("-o", dest="output", choices=("text", "yaml", "json"), default="text", help=help_)
    _json(parser)


def _validate(parser: ArgumentParser) -> None:
    _driver(parser, "validate")
    _values(parser)
    _policies(parser)


def _graph(parser: ArgumentParser) -> None:
    _driver(parser, "graph", or_run=True)
    parser.add_argument(
        "--format", choices=("text", "mermaid", "dot", "json"), default="text", help="text: a drawing (default)"
    )
    parser.add_argument("-o", dest="output", default="", metavar="FILE", help="write it to a file")
    parser.add_argument("--all", dest="every", action="store_true", help="a line for each of many steps that are alike")


def _driver(parser: ArgumentParser, name: str, *, or_run: bool = False) -> None:
    parser.usage = f"runner {name} [options] {'FILE|RUN' if or_run else 'FILE'} [-- ARGS …]"
    help_ = "a pipeline in YAML, or a Python file that submits one (or names one `pipeline`); ARGS are for the latter"
    parser.add_argument("file", metavar="FILE", help=f"{help_}; or a run" if or_run else help_)
    _target(parser)


def _values(parser: ArgumentParser) -> None:
    parser.add_argument("--experiment", default="", metavar="NAME", help="of a YAML file: instead of the one it names")
    help_ = "of a YAML file: a parameter's value instead of its default"
    parser.add_argument("-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE", help=help_)


def _policies(parser: ArgumentParser) -> None:
    from .policy_arguments import describe

    describe(parser)


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


def _why(parser: ArgumentParser) -> None:
    _run_name(parser)
    _step_name(parser)
    _json(parser)


def _logs(parser: ArgumentParser) -> None:
    _run_name(parser)
    _step_name(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run has ended")


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
    part.add_argument("--failed", action="store_true", help="run what did not deliver (default)")
    help_ = "run STEP and all that depends on it as well, whatever was done before; may be said again"
    part.add_argument("--from", dest="starts", action="append", default=[], metavar="STEP", help=help_)
    help_ = "run STEP and nothing else; may be said again"
    part.add_argument("--only", action="append", default=[], metavar="STEP", help=help_)
    _detach_option(parser)
    _policies(parser)
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
        action.add_argument("--datastore", default="", metavar="NAME", help="which one (default: the default one)")
        _target(action)


def _dataset(parser: ArgumentParser) -> None:
    from .dataset_arguments import describe

    describe(parser)


def _doctor(parser: ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", default="", metavar="TARGET", help="one target (default: all there are)")
    image = "with Python, for a pod that tries TARGET's store (default: the default environment's, or python:…-slim)"
    parser.add_argument("--image", default="", metavar="IMAGE", help=image)
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
    parser.add_argument("run", nargs="?", default="latest", metavar="RUN", help=help_)
    _target(parser)


def _step_name(parser: ArgumentParser) -> None:
    parser.add_argument("step", nargs="?", default="", metavar="STEP", help="a step's name or key")


def _target(parser: ArgumentParser) -> None:
    help_ = "the configured target to use; it also names the store"
    parser.add_argument("--target", default="", metavar="NAME", help=help_)


def _detach_option(parser: ArgumentParser) -> None:
    help_ = "let a controller in the cluster drive the run, and do not wait for it: this machine may go"
    parser.add_argument("--detach", action="store_true", help=help_)


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
    "validate": ("check a pipeline file; nothing is started", _validate),
    "graph": ("draw a pipeline file, or a run with its states", _graph),
    "status": ("a run's steps, outputs and metrics", _status),
    "list": ("the newest runs", _list),
    "show": ("everything about one step, or about a run's steps", _show),
    "why": ("why a step ran, or was reused", _why),
    "logs": ("the output of a step, or of all steps", _logs),
    "cancel": ("end a run: stop its steps and start no more", _run_name),
    "attach": ("watch a run to its end, wherever it is driven", _attach),
    "resume": ("wait for a run; drive it on when its controller is gone", _resume),
    "retry": ("make an ended run again: what failed, or from a step on", _retry),
    "data": ("list and copy files of a datastore", _data),
    "dataset": ("give data a name and a version; list those that have one", _dataset),
    "doctor": ("what is missing, and the command that mends it", _doctor),
    "cluster": ("a local Kubernetes cluster (kind) with its store", _cluster),
}
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "pipelines": ("run", "plan", "validate", "graph"),
    "runs": ("list", "status", "show", "why", "logs", "cancel", "attach", "resume", "retry"),
    "data": ("data", "dataset"),
    "set-up": ("doctor", "cluster"),
}
"""The order in which people meet them."""
