"""``runner data ls | get | put``: files of a datastore."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ...model.data import DEFAULT_DATASTORE
from ...operations.objects import Copied, empty_folders, fetch, listed, store_files
from ...ports import ObjectInfo
from ...wiring import OpenWorkspace, open_session
from ..documents import print_json
from ..exits import DONE
from ..formatting import many, size
from ..output import show, show_all, warn
from ..paint import Paint, paint_for
from ..table import Cell, table


def run(options: Namespace) -> int:
    """List or copy files of a datastore.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    return {"ls": _ls, "get": _get, "put": _put}[options.action](session, options)


def _ls(session: OpenWorkspace, options: Namespace) -> int:
    name = _datastore(session, options)
    found = tuple(listed(session.datastore(name), options.prefix, own=name == DEFAULT_DATASTORE))
    if options.json:
        files = [{"key": info.key, "bytes": info.size} for info in found]
        print_json({"datastore": name, "files": files})
    elif found:
        show_all(listing(found, paint_for(sys.stdout)))
    else:
        warn(f"no files at '{options.prefix}'" if options.prefix else "no files yet")
    return DONE


def listing(files: Sequence[ObjectInfo], paint: Paint) -> list[str]:
    """Return a line with size and key for each object.

    Args:
        files: The objects.
        paint: The colours.

    """
    return table([[Cell(size(info.size), "dim", right=True), Cell(info.key)] for info in files], paint, indent=0)


def _get(session: OpenWorkspace, options: Namespace) -> int:
    name = _datastore(session, options)
    folders = empty_folders(session.store, name, options.key)
    copied = fetch(session.datastore(name), options.key, Path(options.destination), folders)
    return _say(copied, options.destination)


def _put(session: OpenWorkspace, options: Namespace) -> int:
    name = _datastore(session, options)
    copied = store_files(session.datastore(name), Path(options.source), options.key, own=name == DEFAULT_DATASTORE)
    return _say(copied, f"{name}/{options.key}")


def _datastore(session: OpenWorkspace, options: Namespace) -> str:
    return str(options.datastore or session.datastore_names()[0])


def _say(copied: Copied, where: str) -> int:
    show(f"{many(copied.files, 'file')}, {size(copied.bytes)} → {where}")
    return DONE
