"""``runner dataset register | list``: names and versions for data in the workspace's datastores."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...data import registry
from ...data.dataset import fixed_part, match
from ...data.registry import Registration
from ...errors import BadInput
from ...model.data import DEFAULT_DATASTORE, DatasetDefinition
from ...operations.files.copied import Copied
from ...operations.files.putting import store_files
from ...wiring import OpenWorkspace, open_session
from ..dataset_arguments import FORMS
from ..documents import print_json
from ..exits import DONE
from ..formatting import many, size
from ..output import show, show_all, warn
from ..paint import Paint, paint_for
from ..table import Cell, table

if TYPE_CHECKING:
    from ...sdk.datasets.file_dataset import FileDataset
    from ...sdk.datasets.tabular import TabularDataset


def run(options: Namespace) -> int:
    """Register a dataset, or list the registered ones.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    return {"register": _register, "list": _list}[options.action](session, options)


def _register(session: OpenWorkspace, options: Namespace) -> int:
    datastore = options.datastore or session.datastore_names()[0]
    form = next(form for form in FORMS if getattr(options, form))
    patterns = [_plain(pattern) for pattern in getattr(options, form)]
    known = registry.latest(session.store, options.name)
    definition = _definition(session, options, [(datastore, pattern) for pattern in patterns])
    _check_free_name(options, known, definition)
    if options.upload:
        print_copied(_upload(session, options.upload, datastore, patterns), datastore, patterns[0])
    _check_present(session, datastore, patterns)
    entry = Registration(definition, options.description, dict(options.tags))
    made = registry.register(session.store, options.name, entry, new_version=options.new_version)
    again = known is not None and known.definition.version == made.definition.version
    version = made.definition.version
    known_words, new_words = (
        f"{options.name} is registered already: version {version}",
        f"registered {options.name}, version {version}",
    )
    show(known_words if again else new_words, *(f"    {path.datastore}/{path.path}" for path in made.definition.paths))
    return DONE


def print_copied(copied: Copied, datastore: str, pattern: str) -> None:
    """Print the result of an upload.

    Args:
        copied: The number of files and bytes.
        datastore: The datastore's name.
        pattern: The pattern of the dataset; its fixed part is the place of the files.

    """
    show(f"{many(copied.files, 'file')}, {size(copied.bytes)} → {datastore}/{fixed_part(pattern) or pattern}")


def _definition(session: OpenWorkspace, options: Namespace, places: Sequence[tuple[str, str]]) -> DatasetDefinition:
    """Return the definition that a driver would make: the same data are then the same version."""
    from ...sdk.base.session import use
    from ...sdk.datasets.dataset import Dataset

    use(session)
    paths = list(places)
    made: TabularDataset | FileDataset
    if options.delimited:
        header = not options.no_header
        made = Dataset.Tabular.from_delimited_files(paths, validate=False, separator=options.separator, header=header)
    elif options.parquet:
        made = Dataset.Tabular.from_parquet_files(paths, validate=False)
    elif options.json_lines:
        made = Dataset.Tabular.from_json_lines_files(paths, validate=False)
    else:
        made = Dataset.File.from_files(paths, validate=False)
    return made.definition.bare


def _check_free_name(options: Namespace, known: Registration | None, definition: DatasetDefinition) -> None:
    if known is not None and known.definition.bare != definition and not options.new_version:
        raise BadInput(
            f"dataset '{options.name}' is registered with another definition (version {known.definition.version})",
            remedy="add --new-version, or take another name",
        )


def _upload(session: OpenWorkspace, local: str, datastore: str, patterns: Sequence[str]) -> Copied:
    if len(patterns) != 1:
        raise BadInput("--upload copies to one place, but several patterns are given", remedy="upload one at a time")
    source, pattern = Path(local), patterns[0]
    folder = fixed_part(pattern)
    key = pattern if folder == pattern else f"{folder}/{source.name}" if source.is_file() else folder
    if not key:
        raise BadInput("--upload needs a folder before the first wildcard of the pattern", remedy="write data/*.csv")
    return store_files(session.datastore(datastore), source, key, own=datastore == DEFAULT_DATASTORE)


def _check_present(session: OpenWorkspace, datastore: str, patterns: Sequence[str]) -> None:
    store = session.datastore(datastore)
    for pattern in patterns:
        if next(iter(match(store, pattern)), None) is None:
            raise BadInput(
                f"nothing lies at '{pattern}' of datastore '{datastore}'",
                remedy="correct the pattern, or add --upload LOCAL to copy the data there",
            )


def _plain(pattern: str) -> str:
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        raise BadInput(
            f"'{pattern}' is no place in a datastore", remedy="write a path without '..', such as data/*.csv"
        )
    return "/".join(parts)


def _list(session: OpenWorkspace, options: Namespace) -> int:
    newest = (registry.latest(session.store, name) for name in registry.names(session.store))
    found = [entry for entry in newest if entry is not None]
    if options.json:
        print_json({"datasets": [document(entry) for entry in found]})
    elif found:
        show_all(listing(found, paint_for(sys.stdout)))
    else:
        warn("no datasets here yet; see: runner dataset register --help")
    return DONE


def document(entry: Registration) -> dict[str, object]:
    """Return the JSON document of a dataset.

    Args:
        entry: The registered dataset.

    """
    made = entry.definition
    return {
        "name": made.name,
        "version": made.version,
        "id": made.id,
        "kind": made.format or made.kind,
        "paths": made.paths,
        "description": entry.description,
        "tags": entry.tags,
    }


def listing(entries: Sequence[Registration], paint: Paint) -> list[str]:
    """Return the heading and a line per dataset.

    Args:
        entries: The registered datasets.
        paint: The colours.

    """
    head = [Cell(text, "dim") for text in ("dataset", "version", "kind", "where", "")]
    return table([head, *(_row(entry) for entry in entries)], paint, indent=0)


def _row(entry: Registration) -> list[Cell]:
    definition = entry.definition
    first = definition.paths[0] if definition.paths else None
    more = f" and {len(definition.paths) - 1} more" if len(definition.paths) > 1 else ""
    tags = " ".join(f"{key}={value}" for key, value in entry.tags.items())
    return [
        Cell(definition.name),
        Cell(str(definition.version), right=True),
        Cell((definition.format or "files").replace("_", " ")),
        Cell(f"{first.datastore}/{first.path}{more}" if first else ""),
        Cell("  ".join(part for part in (entry.description, tags) if part), "dim"),
    ]
