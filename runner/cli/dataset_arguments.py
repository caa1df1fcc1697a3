"""The arguments of ``runner dataset``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

FORMS = ("files", "delimited", "parquet", "json_lines")
"""Options that name the data and their format."""
_HELP = {
    "files": "any files (FileDataset)",
    "delimited": "delimited text: CSV, TSV (TabularDataset)",
    "parquet": "Parquet files (TabularDataset)",
    "json_lines": "files with one JSON object per line (TabularDataset)",
}


def describe(parser: ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    register = actions.add_parser("register", help="register files of a datastore as a dataset")
    register.usage = (
        "runner dataset register NAME (--files | --delimited | --parquet | --json-lines) PATTERN … [options]"
    )
    register.epilog = (
        "PATTERN is a file, a folder or a glob in the datastore: * matches in one folder, ** in all folders below."
    )
    register.add_argument("name", metavar="NAME", help="the name of the dataset")
    forms = register.add_mutually_exclusive_group(required=True)
    for form in FORMS:
        option = f"--{form.replace('_', '-')}"
        forms.add_argument(option, nargs="+", metavar="PATTERN", help=_HELP[form])
    _register_options(register)
    listing = actions.add_parser("list", help="list the newest version of every registered dataset")
    listing.add_argument("--json", action="store_true", help="print one JSON document")
    for action in (register, listing):
        help_ = "the compute target whose store to use (default: `target:` of runner.yaml, or this machine)"
        action.add_argument("--target", default="", metavar="NAME", help=help_)


def _register_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--datastore", default="", metavar="NAME", help="the datastore of the files (default: the workspace's)"
    )
    help_ = "first upload this local file or folder to PATTERN"
    parser.add_argument("--upload", default="", metavar="LOCAL", help=help_)
    parser.add_argument(
        "--separator", default=",", metavar="TEXT", help="--delimited: the separator of fields (default: ,)"
    )
    parser.add_argument("--no-header", action="store_true", help="--delimited: the first line is data")
    parser.add_argument("--description", default="", metavar="TEXT", help="a description of the dataset")
    parser.add_argument(
        "--tag", dest="tags", action="append", default=[], type=_tag, metavar="KEY=VALUE", help="a tag; repeatable"
    )
    help_ = "register a new version if the name exists with other data"
    parser.add_argument("--new-version", action="store_true", help=help_)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value
