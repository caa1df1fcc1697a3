"""The local folders of one attempt, and their content before and after the script.

The bootstrap in a pod and the controller of a local process both use this. They differ in where outputs are written:
in a pod below the work folder, locally in the store's folder.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

from ..backports import without_prefix
from ..dataclass import dataclass, field
from ..errors import BadInput
from ..model.context import STEP_VARIABLE, StagedInput, StepContext, StoreAccess
from ..model.data import DataRef, Kind, Manifest
from ..model.document import to_document
from ..model.names import attempt_folder
from ..model.task import InputBinding, OutputBinding, Task
from ..ports import FolderStore, ObjectStore
from . import input_changes, inputs, integrity, launch, links, manifest, masking, packing, unkept_files
from .dataset import Datastores, glob_rule
from .file_maker import FileMaker
from .node_cache import NodeCache
from .transfers import trees
from .transfers.progress import SILENT, Progress

_READINGS = 5
"""Attempts to read an output that changes while it is read."""


@dataclass(frozen=True)
class WorkDir:
    """The folders of one attempt."""

    root: Path

    @property
    def code(self) -> Path:
        """The private copy of the snapshot: the script's working directory."""
        return self.root / "code"

    @property
    def inputs(self) -> Path:
        """Return the folder of staged inputs without a path of their own, one entry each."""
        return self.root / "inputs"

    @property
    def outputs(self) -> Path:
        """Return the folder of outputs without a path of their own that are not written in place."""
        return self.root / "outputs"

    @property
    def step(self) -> Path:
        """The step folder: ``context.json`` and ``reports/``."""
        return self.root / "step"

    @property
    def reports(self) -> Path:
        """Return the folder to which the script appends its metrics, tags and properties."""
        return self.step / "reports"

    @property
    def extra_outputs(self) -> Path:
        """Return the file in which worker 0 of a pool lists what others have uploaded: see `ExtraOutputs`."""
        return self.step / "extra-outputs.json"

    def named(self, path_on_compute: str) -> Path | None:
        """Return the path of a relative ``path_on_compute``: below the working directory. None for others."""
        if not path_on_compute or path_on_compute.startswith("/"):
            return None
        return self.code / path_on_compute


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A process ready to start."""

    argv: tuple[str, ...]
    variables: Mapping[str, str]
    cwd: Path
    outputs: Mapping[str, Path]
    notes: tuple[str, ...] = ()
    """Lines for people, shown at the top of the step's log."""


@dataclass(frozen=True)
class StepFiles:
    """The paths of a script's data."""

    inputs: Mapping[str, StagedInput]
    outputs: Mapping[str, str]
    access: StoreAccess


InputPlace = Callable[[InputBinding, Kind], Path]
OutputPlace = Callable[[OutputBinding], Path]


@dataclass(frozen=True, kw_only=True)
class Staging:
    """The side that runs the attempt, as far as its preparation needs to know it."""

    workspace: ObjectStore
    datastores: Datastores
    input_place: InputPlace
    """Return the path of an input."""
    output_place: OutputPlace
    bring: Callable[[InputBinding], trees.PlaceFile | None] = lambda _binding: None
    """Return the function that makes an object of an input a file; None: download it."""
    mount: Callable[[InputBinding], Path | None] = lambda _binding: None
    """Return the folder in which the mount of an input has its files; None: there is none, so it is downloaded."""
    access: StoreAccess = field(default_factory=StoreAccess)
    """The script's own access to the stores."""
    cache: NodeCache | None = None
    """Files of inputs that the steps of a node keep for each other. Default: none."""
    maker: FileMaker = field(default_factory=FileMaker)
    """Makes the files and folders of the attempt."""
    progress: Progress = SILENT
    """Receives what is moved; `begin` is called more than once, and adds. Default: nobody."""


def prepare(task: Task, place: WorkDir, staging: Staging, interpreter: str) -> Launch:
    """Stage code and inputs and write the step folder. Raises StoreError, BadInput, OSError."""
    maker = staging.maker
    packing.write(packing.load(staging.workspace, task.snapshot), place.code, maker)
    for folder in (place.code / "outputs", place.code / "logs", place.reports):
        maker.folder(folder)
    inputs.announce(task, staging)
    staged = {binding.name: inputs.stage(binding, staging) for binding in task.inputs}
    outputs = {binding.name: _make_room(binding, staging.output_place(binding)) for binding in task.outputs}
    unkept_files.note(place.root, outputs.values(), own_folders(task, place, outputs))
    input_changes.note(place.root, task, staged, place.code, maker)
    shown = {name: str(path) for name, path in outputs.items()}
    given = {one.name: _shown(one, staged[one.name]) for one in task.inputs}
    _write_context(task, place, StepFiles(given, shown, staging.access), maker)
    notes = tuple(filter(None, (staged[binding.name].note(binding) for binding in task.inputs)))
    if staging.cache is not None:
        notes += staging.cache.close()
    if launch.left_out(given, shown, task):
        notes += (f"{len(given)} inputs: their variables would pass 64 KiB and are left out; arguments have the paths",)
    return Launch(
        argv=tuple(launch.argv(task, interpreter, given, shown)),
        variables={**launch.variables(task, given, shown), STEP_VARIABLE: str(place.step)},
        cwd=place.code,
        outputs=outputs,
        notes=notes,
    )


def _shown(binding: InputBinding, staged: inputs.Staged) -> StagedInput:
    """Return an input as the script sees it."""
    if binding.is_direct:
        return StagedInput(binding.mode.shown, "", binding.dataset, binding.ref)
    return StagedInput(binding.mode.shown, str(staged.path), binding.dataset)


def own_folders(task: Task, place: WorkDir, outputs: Mapping[str, Path]) -> tuple[Path, ...]:
    """Return the folders that hold only data of the attempt: inputs, and outputs not written in place."""
    folder = attempt_folder(task.step_run, task.id.attempt)
    written = {path.parent for path in outputs.values() if str(path.parent).endswith(f"/{folder}")}
    return (place.inputs, place.outputs, *written)


def collect(task: Task, outputs: Mapping[str, Path], staging: Staging) -> tuple[dict[str, DataRef], tuple[str, ...]]:
    """Describe the outputs, and put those that were not written in place into their datastore.

    Returns:
        The references, and warnings (for example about an output that was never written).

    Raises:
        StoreError: for the store's failures.
        BadInput: naming an output that no store can take.
    """
    refs: dict[str, DataRef] = {}
    warnings: list[str] = []
    for binding in task.outputs:
        path = outputs[binding.name]
        if not path.exists():
            warnings.append(never_written(binding.name))
        with _taking(f"output '{binding.name}'"):
            written = manifest.survey(path)
            refs[binding.name] = _take(binding, path, staging)
        warnings.extend(unkept_files.unkept(f"output '{binding.name}'", written))
        if binding.globs and written.files and not refs[binding.name].files:
            globs = ", ".join(binding.globs)
            warnings.append(f"output '{binding.name}' is empty: none of its {len(written.files)} files fits {globs}")
    return refs, tuple(warnings)


def never_written(output: str) -> str:
    """Return the warning about an output that does not exist when the script has ended."""
    return f"output '{output}' was never written: it is empty"


def keep_files(
    store: ObjectStore,
    folder: Path,
    prefix: str,
    hidden: Sequence[bytes] = (),
    copy: masking.CopyFile | None = None,
) -> tuple[str, ...]:
    """Upload every file of `folder`.

    Args:
        store: The store to upload to.
        folder: The folder; its files may lie at any depth.
        prefix: The prefix of the keys.
        hidden: The values of secrets (`secret_values.masks`), which no name has in the store.
        copy: Copies a file without those values; None: the content is the user's data and stays as it is.

    Returns:
        The names, sorted: keys without the prefix.

    Raises:
        StoreError: what the store raises.
        BadInput: no store can take a file; names the folder.
    """
    names: list[str] = []
    with _taking(f"{folder.name}/"):
        for relative, path in manifest.files_below(folder):
            _check_readable(path)
            name = _free(masking.masked_text(relative, hidden), names) if hidden else relative
            with masking.without(path, hidden, copy) as shown:
                store.upload(f"{prefix}{name}", shown)
            names.append(name)
    return tuple(sorted(names)) if hidden else tuple(names)


def keep_reports(store: ObjectStore, prefix: str, place: WorkDir, hidden: Sequence[bytes] = ()) -> tuple[str, ...]:
    """Upload the script's metrics, tags and properties without the `hidden` values, and return their files' names."""
    return keep_files(store, place.reports, prefix, hidden, masking.copy_reports)


def keep_artifacts(store: ObjectStore, prefix: str, place: WorkDir, hidden: Sequence[bytes] = ()) -> tuple[str, ...]:
    """Upload the files in ``outputs/`` and ``logs/`` of the working directory, and those uploaded by name.

    The `hidden` values are masked in all names, and in the content of ``logs/``; all other content is the user's data.
    """
    kept = keep_files(store, place.step / "files", prefix, hidden)
    for folder, copy in (("outputs", None), ("logs", masking.copy_file)):
        names = keep_files(store, place.code / folder, f"{prefix}{folder}/", hidden, copy)
        kept += tuple(f"{folder}/{name}" for name in names)
    return kept


def _free(name: str, taken: Collection[str]) -> str:
    """Return the name, with a number if another file has the same name after masking."""
    stem, dot, suffix = name.rpartition(".")
    numbered = (f"{stem}-{number}{dot}{suffix}" if stem else f"{name}-{number}" for number in itertools.count(2))
    return next(one for one in itertools.chain((name,), numbered) if one not in taken)


def unkept_artifacts(place: WorkDir) -> tuple[str, ...]:
    """Return the warnings about entries of ``outputs/`` and ``logs/`` that no store can hold. Raises BadInput."""
    return tuple(
        line
        for folder in ("outputs", "logs")
        for line in unkept_files.unkept(f"{folder}/", manifest.survey(place.code / folder))
    )


@contextmanager
def _taking(what: str) -> Iterator[None]:
    """Turn errors of names, links and modes, which are the script's doing, into BadInput."""
    try:
        yield
    except (OSError, ValueError, BadInput) as error:
        raise BadInput(f"{what}: {error}") from error
    except RecursionError as error:
        raise BadInput(f"{what}: it has folders that lie too deep in one another") from error


def _take(binding: OutputBinding, path: Path, staging: Staging) -> DataRef:
    store = staging.datastores(binding.datastore)
    if _in_place(store, path, binding):
        links.own(path)
        _leave_only(path, binding.globs)
        described, etag = _described_in_place(store, path, binding)
    else:
        described = belonging(manifest.describe(path), binding.globs)
        staging.progress.begin(len(described.entries), described.bytes)
        trees.deliver(store, path, binding.key, described, progress=staging.progress)
        etag = integrity.etag_of(store, binding.key, described.entries)
    digest = manifest.save(staging.workspace, described)
    files = len(described.entries)
    return DataRef(
        datastore=binding.datastore, key=binding.key, digest=digest, files=files, bytes=described.bytes, etag=etag
    )


def _described_in_place(store: ObjectStore, path: Path, binding: OutputBinding) -> tuple[Manifest, str]:
    """Return the manifest and the ETag of files that did not change while they were read. Raises BadInput."""
    before = integrity.etag_of(store, binding.key, manifest.named(path).entries)
    for _ in range(_READINGS):
        described = belonging(manifest.describe(path), binding.globs)
        etag = integrity.etag_of(store, binding.key, described.entries)
        if etag == before:
            return described, etag
        before = etag
    raise BadInput("a process writes to it still", remedy="let the script wait for all that it starts")


def _leave_only(path: Path, globs: tuple[str, ...]) -> None:
    """Remove files that do not belong to an output that was written in place."""
    for relative, file in manifest.files_below(path) if globs else ():
        if not _belongs(relative, globs):
            file.unlink()


def belonging(described: Manifest, globs: tuple[str, ...]) -> Manifest:
    """Return the part of a tree that belongs to an output: with globs the files that match one, and no empty folder."""
    if not globs or described.kind is Kind.FILE:
        return described
    return Manifest(described.kind, tuple(entry for entry in described.entries if _belongs(entry.path, globs)))


def _belongs(relative: str, globs: tuple[str, ...]) -> bool:
    return any(glob_rule(without_prefix(glob, "./")).fullmatch(relative) for glob in globs)


def _check_readable(path: Path) -> None:
    """Raise OSError for an unreadable file, which a store would report as its own failure."""
    if not os.access(path, os.R_OK):
        raise PermissionError(f"no permission to read {path}")


def _in_place(store: ObjectStore, path: Path, binding: OutputBinding) -> bool:
    return isinstance(store, FolderStore) and store.path(binding.key) == path


def _make_room(binding: OutputBinding, path: Path) -> Path:
    # v1 scripts create the folder themselves, and some write a single file at this very path.
    (path if binding.folder else path.parent).mkdir(parents=True, exist_ok=True)
    return path


def _write_context(task: Task, place: WorkDir, files: StepFiles, maker: FileMaker) -> None:
    context = StepContext(
        run=task.id.run,
        key=task.id.key,
        name=task.name,
        step_run=task.step_run,
        attempt=task.id.attempt,
        experiment=task.experiment,
        inputs=files.inputs,
        outputs=files.outputs,
        access=files.access,
        execution=os.urandom(4).hex(),
    )
    maker.write(place.step / "context.json", json.dumps(to_document(context)).encode())
