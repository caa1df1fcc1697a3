"""The options of ``runner report``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

from ..model.quantity import amount

_PREVIEW, _TOTAL = "256Ki", "8Mi"


def describe(parser: ArgumentParser) -> None:
    """Add the options.

    Args:
        parser: The command's parser.

    """
    help_ = "the id of a run, or the beginning or end of it (default: the newest run)"
    parser.add_argument("run", nargs="?", default="latest", metavar="RUN", help=help_)
    help_ = "the file, or a folder for it; - is standard output (default: RUN.html in this folder, with the whole id)"
    parser.add_argument("-o", dest="output", default="", metavar="FILE", help=help_)
    help_ = f"the most bytes of the preview of a file, such as 1Mi; 0: no previews (default: {_PREVIEW})"
    parser.add_argument("--preview-limit", type=size, default=_PREVIEW, metavar="SIZE", help=help_)
    help_ = f"the most bytes of all previews together (default: {_TOTAL})"
    parser.add_argument("--previews-limit", type=size, default=_TOTAL, metavar="SIZE", help=help_)
    help_ = "the compute target to use, and with it the store (default: `target:` of runner.yaml, or this machine)"
    parser.add_argument("--target", default="", metavar="NAME", help=help_)
    parser.add_argument("--force", action="store_true", help="overwrite a file that is no report")


def size(text: str) -> int:
    """Return an amount of data in bytes, as an argparse type.

    Args:
        text: The text on the command line, such as ``1Mi``.

    Raises:
        ArgumentTypeError: It is none.

    """
    found = amount(text)
    if found is None or found < 0:
        raise ArgumentTypeError(f"{text!r} is no size: write bytes, or 256Ki, 8Mi")
    return int(found)
