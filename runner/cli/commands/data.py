"""``runner data ACTION``: files of datastores and of runs."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path

from ...errors import BadInput
from ...model.data import DEFAULT_DATASTORE
from ...operations.files import comparison, copying, getting, putting, removing, usage, verification
from ...operations.files.addresses import DatastoreAddress, has_glob, parse
from ...operations.files.copied import Copied
from ...operations.files.finding import Stores, file_of, find
from ...operations.files.listing import listed
from ...operations.files.selection import FoundFiles
from ...wiring import OpenWorkspace, open_session
from ..dataview import copied_lines, difference_lines, file_lines, finding_lines, usage_lines
from ..documents import print_json
from ..exits import DONE, FAILED
from ..formatting import many, size
from ..output import show, show_all, warn
from ..paint import paint_for
from ..progressbar import shown_progress
from ..reports import find_run, find_step


def run(options: Namespace) -> int:
    """Do what the action says.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    return _ACTIONS[options.action](session, options)


def _stores(session: OpenWorkspace) -> Stores:
    return Stores(session.store, session.datastore, lambda text: session.view(find_run(session, text)))


def _default(session: OpenWorkspace, options: Namespace) -> str:
    return str(options.datastore or session.datastore_names()[0])


def _ls(session: OpenWorkspace, options: Namespace) -> int:
    address = parse(options.address, _default(session, options))
    found = find(_stores(session), address)
    if not found.files and isinstance(address, DatastoreAddress) and not (address.below or has_glob(address.path)):
        found = _beginning(session, address)
    if options.json:
        files = [{"datastore": file.datastore, "key": file.key, "bytes": file.size} for file in found.files]
        print_json({"datastore": getattr(address, "datastore", ""), "files": files})
    elif found.files:
        show_all(file_lines(found, paint_for(sys.stdout)))
    else:
        warn(f"no files at '{options.address}'" if options.address else "no files yet")
    return DONE


def _beginning(session: OpenWorkspace, address: DatastoreAddress) -> FoundFiles:
    """Return the files whose keys begin with the address."""
    name, path = address.datastore, address.path
    infos = listed(session.datastore(name), path, own=name == DEFAULT_DATASTORE)
    return FoundFiles(path=path, files=tuple(file_of(name, info) for info in infos))


def _get(session: OpenWorkspace, options: Namespace) -> int:
    default = _default(session, options)
    with shown_progress(shown=not options.json) as progress:
        copied = getting.get(_stores(session), options.sources, options.destination, default, progress)
    return _say(copied, options)


def _put(session: OpenWorkspace, options: Namespace) -> int:
    address = putting.destination(options.destination, _default(session, options))
    with shown_progress(shown=not options.json) as progress:
        copied = putting.put(session.datastore, options.sources, address, progress)
    return _say(copied, options)


def _cp(session: OpenWorkspace, options: Namespace) -> int:
    default = _default(session, options)
    to = putting.destination(options.destination, default)
    return _say(copying.copy(_stores(session), options.sources, to, default), options)


def _say(copied: Copied, options: Namespace) -> int:
    if options.json:
        print_json(copied)
    else:
        show_all(copied_lines(copied, options.destination))
        warn(*(f"not copied: {path}" for path in copied.left_out))
    return DONE


def _rm(session: OpenWorkspace, options: Namespace) -> int:
    stores = _stores(session)
    found = removing.to_remove(stores, options.sources, _default(session, options))
    datasets = removing.datasets_of(stores, found.files)
    if options.yes:
        removing.remove(stores, found.files)
    if options.json:
        files = [{"datastore": file.datastore, "key": file.key, "bytes": file.size} for file in found.files]
        print_json({"files": files, "datasets": datasets, "deleted": options.yes})
        return DONE
    total = f"{many(len(found.files), 'file')}, {size(found.bytes)}"
    if options.yes:
        show(f"deleted {total}")
    else:
        show_all(file_lines(found, paint_for(sys.stdout)))
        show("", f"{total}; delete them: add --yes")
    warn(*(f"the registered dataset '{name}' reads some of these files" for name in datasets))
    return DONE


def _du(session: OpenWorkspace, options: Namespace) -> int:
    address = parse(options.address, _default(session, options))
    found = find(_stores(session), address, records_too=True)
    used = usage.usage(found, options.depth)
    if options.json:
        print_json({"files": len(found.files), "bytes": found.bytes, "folders": used})
    else:
        show_all(usage_lines(used, paint_for(sys.stdout)))
        show(f"{many(len(found.files), 'file')}, {size(found.bytes)}")
    return DONE


def _diff(session: OpenWorkspace, options: Namespace) -> int:
    first, second = (session.view(find_run(session, text)) for text in (options.first, options.second))
    if first.state.run == second.state.run:
        raise BadInput(f"'{options.first}' and '{options.second}' are the same run", remedy="give two runs")
    found = tuple(comparison.compare(session.store, first, second, options.step))
    if options.json:
        print_json({"first": first.state.run, "second": second.state.run, "data": found})
    else:
        show_all(difference_lines(found, paint_for(sys.stdout)))
    return DONE if all(each.same for each in found) else FAILED


def _verify(session: OpenWorkspace, options: Namespace) -> int:
    view = session.view(find_run(session, options.run))
    step = find_step(view, options.step) if options.step else ""
    found = verification.verify(_stores(session), view, step, quick=options.quick)
    if options.json:
        print_json(found)
    else:
        show_all(finding_lines(found, paint_for(sys.stdout), quick=options.quick))
    return FAILED if found.findings else DONE


_ACTIONS: Mapping[str, Callable[[OpenWorkspace, Namespace], int]] = {
    "ls": _ls,
    "get": _get,
    "put": _put,
    "cp": _cp,
    "rm": _rm,
    "du": _du,
    "diff": _diff,
    "verify": _verify,
}
