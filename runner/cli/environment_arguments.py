"""The arguments of ``runner environment``."""

from __future__ import annotations

from argparse import ArgumentParser

_FILE = "a YAML pipeline, or a Python file (with ARGS) that submits a pipeline or assigns it to `pipeline`"


def describe(parser: ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    lock = actions.add_parser("lock", help="resolve the environments of a pipeline file and store their locks")
    _of_file(lock, "lock")
    lock.add_argument("--upgrade", action="store_true", help="resolve again, to the newest versions that fit")
    show = actions.add_parser("show", help="show what each environment of a pipeline file asks for and becomes")
    _of_file(show, "show")
    build = actions.add_parser("build", help="make the environments of a pipeline file now, as a run would")
    _of_file(build, "build")
    listing = actions.add_parser("list", help="list the environments on a target, and the runs that use them")
    why = actions.add_parser("why", help="explain why an environment is built, or how two environments differ")
    why.usage = "runner environment why [options] FILE|RUN [NAME] [OTHER] [-- ARGS …]"
    why.add_argument("file", metavar="FILE|RUN", help=f"{_FILE}; or a RUN")
    help_ = "an environment in it (default: its only one), compared with the nearest one of earlier runs"
    why.add_argument("name", nargs="?", default="", metavar="NAME", help=help_)
    help_ = "compare with this environment: a NAME in FILE or RUN, or RUN:NAME"
    why.add_argument("other", nargs="?", default="", metavar="OTHER", help=help_)
    gc = actions.add_parser("gc", help="list the environments of a target that no run needs; with --yes, delete them")
    gc.add_argument("--yes", action="store_true", help="delete them (default: only list them)")
    help_ = "count only runs that ended less than DAYS ago, and runs in progress (default: all runs)"
    gc.add_argument("--keep-days", type=float, metavar="DAYS", help=help_)
    for action in (lock, show, build, listing, why, gc):
        _common(action)


def _of_file(parser: ArgumentParser, action: str) -> None:
    parser.usage = f"runner environment {action} [options] FILE [NAME] [-- ARGS …]"
    parser.add_argument("file", metavar="FILE", help=_FILE)
    help_ = "the name of one environment (default: all environments of the file)"
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help=help_)


def _common(parser: ArgumentParser) -> None:
    help_ = "the compute target to use, and with it the store (default: `target:` of runner.yaml, or this machine)"
    parser.add_argument("--target", default="", metavar="NAME", help=help_)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
