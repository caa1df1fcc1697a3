"""The arguments of ``runner schedules``."""

from __future__ import annotations

from argparse import ArgumentParser

from .numbers import whole
from .published_arguments import TARGET_HELP

_NAME_HELP = "the name or id of a schedule, or the beginning of its id"
_COUNT = whole(1, 1000)


def describe(parser: ArgumentParser) -> None:
    """Add the actions and their options.

    Args:
        parser: The parser of ``runner schedules``.
    """
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the active schedules, newest first, with their next due times")
    listing.add_argument("--all", dest="every", action="store_true", help="disabled ones too")
    show = actions.add_parser("show", help="show a schedule")
    next_ = actions.add_parser("next", help="show the next due times of a schedule")
    history = actions.add_parser("history", help="show what became of the due times of a schedule, newest first")
    run_now = actions.add_parser("run-now", help="start a run of a schedule now, besides its due times")
    enable = actions.add_parser("enable", help="let a schedule fire again")
    disable = actions.add_parser("disable", help="let a schedule start no more runs")
    for action in (show, next_, history, run_now, enable, disable):
        action.add_argument("name", metavar="SCHEDULE", help=_NAME_HELP)
    next_.add_argument("count", nargs="?", type=_COUNT, default=5, metavar="N", help="number of times (default: 5)")
    help_ = "number of due times (default: 20)"
    history.add_argument("-n", dest="count", type=_COUNT, default=20, metavar="N", help=help_)
    fire = actions.add_parser("fire", help="start the runs that are due now: for a cron of yours, each minute")
    fire.add_argument("name", nargs="?", default="", metavar="SCHEDULE", help=f"{_NAME_HELP} (default: all of them)")
    for action in (listing, show, next_, history, run_now, enable, disable, fire):
        action.add_argument("--target", default="", metavar="NAME", help=TARGET_HELP)
        action.add_argument("--json", action="store_true", help="print one JSON document")
