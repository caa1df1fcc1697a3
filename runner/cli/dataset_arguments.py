"""What can be typed after ``runner dataset``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

FORMS = ("files", "delimited", "parquet", "json_lines")
"""Options that name the data and say how they are read."""
_HELP = {
    "files": "files as they are",
    "delimited": "rows of text files (CSV, TSV …)",
    "parquet": "rows of Parquet files",
    "json_lines": "rows of files with one JSON object per line",
}


def describe(parser: ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    register = actions.add_parser("register", help="give files of a datastore a name and a version")
    register.usage = (
        "runner dataset register NAME (--files | --delimited | --parquet | --json-lines) PATTERN … [options]"
    )
    register.epilog = "PATTERN is a key of the datastore, a folder, or a glob: * within a folder, ** below it as well."
    register.add_argument("name", metavar="NAME")
    forms = register.add_mutually_exclusive_group(required=True)
    for form in FORMS:
        option = f"--{form.replace('_', '-')}"
        forms.add_argument(option, nargs="+", metavar="PATTERN", help=_HELP[form])
    _register_options(register)
    listing = actions.add_parser("list", help="the newest version of every registered dataset")
    listing.add_argument("--json", action="store_true", help="print one JSON document")
    for action in (register, listing):
        help_ = "the configured target to use; it also names the store"
        action.add_argument("--target", default="", metavar="NAME", help=help_)


def _register_options(parser: ArgumentParser) -> None:
    parser.add_argument("--datastore", default="", metavar="NAME", help="where they lie (default: the default one)")
    help_ = "first copy this file or folder of this machine to PATTERN"
    parser.add_argument("--upload", default="", metavar="LOCAL", help=help_)
    parser.add_argument("--separator", default=",", metavar="TEXT", help="between fields of --delimited (default: ,)")
    parser.add_argument("--no-header", action="store_true", help="the first line of --delimited is a row")
    parser.add_argument("--description", default="", metavar="TEXT")
    parser.add_argument("--tag", dest="tags", action="append", default=[], type=_tag, metavar="KEY=VALUE")
    help_ = "a new version, where the name means other data so far"
    parser.add_argument("--new-version", action="store_true", help=help_)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value
