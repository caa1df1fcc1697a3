"""Find the files at an address: in a datastore, or in the outputs of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ...data import manifest
from ...data.dataset import Datastores, glob_rule
from ...data.transfers.trees import key_of
from ...dataclass import dataclass
from ...errors import BadInput, ObjectMissing
from ...model.data import DEFAULT_DATASTORE, DataRef, Kind
from ...model.names import maker_of
from ...model.task import TaskId
from ...ports import ObjectInfo, ObjectStore
from ...runs import records
from ..values import RunView
from .addresses import Address, DatastoreAddress, RunAddress, has_glob
from .listing import listed, no_place
from .selection import FoundFile, FoundFiles, chosen, fixed_folder, is_at


@dataclass(frozen=True)
class Stores:
    """The stores and runs that addresses refer to."""

    workspace: ObjectStore
    datastore: Datastores
    view: Callable[[str], RunView]
    """Return the run that a text names. Raises BadInput."""


def find(stores: Stores, address: Address, *, records_too: bool = False) -> FoundFiles:
    """Return the files at an address; none if nothing lies there.

    Args:
        stores: The workspace.
        address: The address.
        records_too: True: runner's own records count as files, even if the address does not name them.

    Raises:
        BadInput: There is no such datastore, run, step or output.
        StoreError: A store cannot be used.

    """
    if isinstance(address, RunAddress):
        return _in_run(stores, address)
    return _in_datastore(stores, address, records_too=records_too)


def found_at(stores: Stores, address: Address, text: str) -> FoundFiles:
    """Return the files at an address with the digests that are known.

    Args:
        stores: The workspace.
        address: The address.
        text: The address as the user wrote it.

    Raises:
        BadInput: Nothing lies there.

    """
    found = find(stores, address)
    if isinstance(address, DatastoreAddress):
        found = _with_commits(stores, address.datastore, found)
    if not found.files and not found.folders:
        raise BadInput(f"nothing lies at '{text}'", remedy="see: runner data ls")
    return found


def _in_datastore(stores: Stores, address: DatastoreAddress, *, records_too: bool) -> FoundFiles:
    store, path = stores.datastore(address.datastore), address.path
    try:
        lone = store.stat(path) if path and not has_glob(path) else None
        start = fixed_folder(path)
        hides_records = address.datastore == DEFAULT_DATASTORE and not records_too
        infos = (lone,) if lone else listed(store, f"{start}/" if start else "", own=hides_records)
        return chosen(path, (file_of(address.datastore, info) for info in infos))
    except ValueError as error:
        raise no_place(path) from error


def file_of(datastore: str, info: ObjectInfo) -> FoundFile:
    """Return an object of a datastore as a found file."""
    return FoundFile(path=info.key, datastore=datastore, key=info.key, size=info.size, etag=info.etag)


def _in_run(stores: Stores, address: RunAddress) -> FoundFiles:
    view = stores.view(address.run)
    files: list[FoundFile] = []
    folders: list[str] = []
    for place, ref in outputs_at(view, address.path):
        known = manifest.load(stores.workspace, ref.digest)
        files += [
            FoundFile(
                path=f"{place}/{entry.path}" if known.kind is Kind.FOLDER else place,
                datastore=ref.datastore,
                key=key_of(ref.key, entry),
                size=entry.size,
                digest=entry.digest,
            )
            for entry in known.entries
        ]
        folders += [f"{place}/{folder}" for folder in known.folders]
    return chosen(address.path, files, folders)


def outputs_at(view: RunView, path: str) -> Iterator[tuple[str, DataRef]]:
    """Yield ``STEP/OUTPUT`` and the data of each output of a run that `path` may name.

    STEP is the name of the step, or its key if several steps share the name, or if the path or a slash in the name
    asks for it.

    Raises:
        BadInput: The path names a step or output that the run does not have.

    """
    step, _, rest = path.partition("/")
    output = rest.partition("/")[0]
    places = {key: _place_of(view, key, step) for key in view.state.steps}
    keys = [key for key, name in places.items() if _may_be(step, name)]
    if not keys:
        raise BadInput(f"run {view.state.run} has no step '{step}'", remedy=f"its steps: {', '.join(places.values())}")
    found = [(f"{places[key]}/{name}", ref) for key in keys for name, ref in view.state.steps[key].outputs.items()]
    matching = [(place, ref) for place, ref in found if _may_be(output, place.rpartition("/")[2])]
    if found and not matching:
        names = ", ".join(place for place, _ in found)
        raise BadInput(f"run {view.state.run} has no output '{step}/{output}'", remedy=f"its outputs: {names}")
    yield from matching


def _place_of(view: RunView, key: str, step: str) -> str:
    name = view.plan.names[key]
    return key if "/" in name or step == key else name


def _may_be(pattern: str, name: str) -> bool:
    return not pattern or "**" in pattern or bool(glob_rule(pattern).fullmatch(name))


def _with_commits(stores: Stores, datastore: str, found: FoundFiles) -> FoundFiles:
    """Add what the commits of steps say of the files: digests, and the empty folders, which a bucket does not have."""
    commits = _Commits(stores.workspace, datastore)
    files = tuple(replace(file, digest=commits.digest_of(file.key)) for file in found.files)
    folders = [] if has_glob(found.path) else [one for one in commits.folders_at(found.path) if is_at(found.path, one)]
    return replace(found, files=files, folders=tuple(sorted(folders)))


class _Commits:
    """The committed outputs of steps in one datastore, each read when it is first asked for."""

    def __init__(self, workspace: ObjectStore, datastore: str) -> None:
        self._workspace, self._datastore = workspace, datastore
        self._known: dict[tuple[str, str], tuple[Mapping[str, str], tuple[str, ...]]] = {}

    def digest_of(self, key: str) -> str:
        return self._of(key)[0].get(key, "")

    def folders_at(self, path: str) -> tuple[str, ...]:
        return self._of(path)[1]

    def _of(self, key: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
        maker = maker_of(key)
        if maker is None:
            return {}, ()
        if maker not in self._known:
            self._known[maker] = self._read(TaskId(*maker))
        return self._known[maker]

    def _read(self, step: TaskId) -> tuple[Mapping[str, str], tuple[str, ...]]:
        digests: dict[str, str] = {}
        folders: list[str] = []
        commit = records.committed(self._workspace, step)
        for ref in commit.outputs.values() if commit else ():
            if ref.datastore == self._datastore:
                try:
                    known = manifest.load(self._workspace, ref.digest)
                except ObjectMissing:  # the files may be there all the same
                    continue
                digests.update({key_of(ref.key, entry): entry.digest for entry in known.entries})
                folders += [f"{ref.key}/{folder}" for folder in known.folders]
        return digests, tuple(folders)
