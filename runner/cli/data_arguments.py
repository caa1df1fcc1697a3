"""The arguments of ``runner data``."""

from __future__ import annotations

from argparse import ArgumentParser

from .numbers import whole

_ADDRESS = (
    "ADDRESS is PATH, DATASTORE:PATH or run:RUN/STEP/OUTPUT/PATH. PATH is a file, a folder or a glob in quotes: "
    "* and ? match in one folder, ** in all folders below."
)
_FROM = "a file, folder or glob; repeatable"


def describe(parser: ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("ls", help="list files", epilog=_ADDRESS)
    listing.add_argument(
        "address", nargs="?", default="", metavar="ADDRESS", help="the files, or the beginning of keys (default: all)"
    )
    get = actions.add_parser("get", help="download files; again, what is missing", epilog=_ADDRESS)
    get.add_argument("sources", nargs="+", metavar="ADDRESS", help=_FROM)
    get.add_argument("destination", metavar="DEST", help="the path of the copy on this machine; DEST/: below it")
    put = actions.add_parser("put", help="upload files; again, what is missing", epilog=_ADDRESS)
    put.add_argument("sources", nargs="+", metavar="SRC", help="a file or folder of this machine; repeatable")
    put.add_argument("destination", metavar="ADDRESS", help="the path of the copy; ADDRESS/: below it")
    copy = actions.add_parser("cp", help="copy files inside and between datastores", epilog=_ADDRESS)
    copy.add_argument("sources", nargs="+", metavar="ADDRESS", help=_FROM)
    copy.add_argument("destination", metavar="DEST", help="the address of the copy; DEST/: below it")
    remove = actions.add_parser("rm", help="show files to delete, and delete them with --yes", epilog=_ADDRESS)
    remove.add_argument("sources", nargs="+", metavar="ADDRESS", help=_FROM)
    remove.add_argument("--yes", action="store_true", help="delete the files")
    space = actions.add_parser("du", help="show the space that files use, by folder", epilog=_ADDRESS)
    space.add_argument("address", nargs="?", default="", metavar="ADDRESS", help="the files (default: all)")
    space.add_argument("--depth", type=whole(1), default=1, metavar="N", help="levels of folders to show (default: 1)")
    difference = actions.add_parser("diff", help="compare the inputs and outputs of two runs, file by file")
    difference.epilog = "exit codes: 0 nothing differs, 1 something differs"
    difference.add_argument("first", metavar="RUN1", help="the id of a run, or the beginning or end of it")
    difference.add_argument("second", metavar="RUN2", help="another run")
    check = actions.add_parser("verify", help="compare all outputs of a run with the digests of its commits")
    check.epilog = "exit codes: 0 all is as it was committed, 1 something is missing, changed or damaged"
    check.add_argument("run", nargs="?", default="latest", metavar="RUN", help="a run (default: the newest run)")
    check.add_argument("--quick", action="store_true", help="compare presence and sizes only, and read no file")
    for action in (difference, check):
        action.add_argument("step", nargs="?", default="", metavar="STEP", help="only this step (default: all steps)")
    for action in (listing, get, put, copy, remove, space):
        action.add_argument("--datastore", default="", metavar="NAME", help="the datastore of addresses that name none")
    help_ = "the compute target to use, and with it the store (default: `target:` of runner.yaml, or this machine)"
    for action in (listing, get, put, copy, remove, space, difference, check):
        action.add_argument("--json", action="store_true", help="print one JSON document")
        action.add_argument("--target", default="", metavar="NAME", help=help_)
