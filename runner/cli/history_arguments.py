"""The arguments of ``runner list``, ``runner tag``, ``runner compare`` and ``runner timeline``."""

from __future__ import annotations

from argparse import ArgumentParser

from .numbers import whole
from .published_arguments import TARGET_HELP

_TIME = "a date, a time such as 2026-01-31T12:00Z, or an age such as 90m, 12h, 7d"


def describe_list(parser: ArgumentParser) -> None:
    """Add the arguments of ``runner list``.

    Args:
        parser: The parser of the command.

    """
    parser.add_argument(
        "-n", "--count", dest="count", type=whole(1), default=20, metavar="N", help="number of runs (default: 20)"
    )
    parser.add_argument("--all", dest="every", action="store_true", help="all runs, not only the newest N")
    parser.add_argument("--experiment", default="", metavar="NAME", help="only runs of this experiment")
    help_ = "only runs in this state: running, canceling, succeeded, failed, canceled, starting or stopped"
    parser.add_argument("--state", default="", metavar="STATE", help=help_)
    parser.add_argument("--tag", default="", metavar="NAME[=VALUE]", help="only runs that have this tag")
    parser.add_argument("--user", default="", metavar="NAME", help="only runs of this user")
    parser.add_argument("--since", default="", metavar="TIME", help=f"only runs that were submitted since: {_TIME}")
    parser.add_argument("--until", default="", metavar="TIME", help="only runs that were submitted before; as --since")
    help_ = "only runs with this text in their id, experiment, description, user or tags, in any letter case"
    parser.add_argument("--text", default="", metavar="TEXT", help=help_)
    help_ = "go on behind the page that ended with this cursor"
    parser.add_argument("--cursor", default="", metavar="CURSOR", help=help_)
    _common(parser)


def describe_tag(parser: ArgumentParser) -> None:
    """Add the arguments of ``runner tag``.

    Args:
        parser: The parser of the command.

    """
    parser.usage = "runner tag [options] RUN [NAME=VALUE | NAME= …]"
    parser.add_argument("run", metavar="RUN", help="the id of a run, the beginning or end of it, or: latest")
    help_ = "a tag to set; NAME= removes it; without any, the tags are shown"
    parser.add_argument("changes", nargs="*", metavar="NAME=VALUE", help=help_)
    _common(parser)


def describe_compare(parser: ArgumentParser) -> None:
    """Add the arguments of ``runner compare``.

    Args:
        parser: The parser of the command.

    """
    help_ = "the ids of two runs or more, or their beginnings or ends; the first one is compared with each other one"
    parser.add_argument("runs", nargs="+", metavar="RUN", help=help_)
    parser.add_argument("--diff", action="store_true", help="show the lines of code that differ")
    parser.add_argument("--all", dest="every", action="store_true", help="show what is the same, too")
    _common(parser)


def describe_timeline(parser: ArgumentParser) -> None:
    """Add the arguments of ``runner timeline``.

    Args:
        parser: The parser of the command.

    """
    help_ = "the id of a run, or the beginning or end of it (default: the newest run)"
    parser.add_argument("run", nargs="?", default="latest", metavar="RUN", help=help_)
    help_ = "show every step (default: the critical path, and the steps that took longest)"
    parser.add_argument("--all", dest="every", action="store_true", help=help_)
    _common(parser)


def _common(parser: ArgumentParser) -> None:
    parser.add_argument("--target", default="", metavar="NAME", help=TARGET_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
