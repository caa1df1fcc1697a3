"""The arguments of ``runner gc``, ``runner keep`` and ``runner doctor``."""

from __future__ import annotations

from argparse import ArgumentParser

from .numbers import not_negative, whole
from .published_arguments import TARGET_HELP


def describe_gc(parser: ArgumentParser) -> None:
    """Add the arguments of ``runner gc``.

    Args:
        parser: The parser of the command.

    """
    parser.add_argument("--yes", action="store_true", help="delete it (default: only list it)")
    help_ = "keep runs that ended less than DAYS ago (default: `keep: {runs: …}` of runner.yaml, or 90)"
    parser.add_argument("--keep-days", type=not_negative, metavar="DAYS", help=help_)
    help_ = "keep the newest N runs (default: `keep: {last: …}` of runner.yaml, or 20)"
    parser.add_argument("--keep-last", type=whole(0), metavar="N", help=help_)
    parser.add_argument("--target", default="", metavar="NAME", help=TARGET_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def describe_keep(parser: ArgumentParser) -> None:
    """Add the arguments of ``runner keep``.

    Args:
        parser: The parser of the command.

    """
    parser.add_argument("run", metavar="RUN", help="the id of a run, or the beginning or end of it")
    parser.add_argument("--off", action="store_true", help="leave the run to the rules of `runner gc` again")
    parser.add_argument("--target", default="", metavar="NAME", help=TARGET_HELP)


def describe_doctor(parser: ArgumentParser) -> None:
    """Add the arguments of ``runner doctor``.

    Args:
        parser: The parser of the command.

    """
    parser.add_argument(
        "target", nargs="?", default="", metavar="TARGET", help="the target to check (default: every target)"
    )
    image = "an image with Python for the test pod (default: the default environment's image, or python:…-slim)"
    parser.add_argument("--image", default="", metavar="IMAGE", help=image)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
