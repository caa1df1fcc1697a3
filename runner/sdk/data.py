"""Places in datastores that a user names: DataReference, DataPath and its binding."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from ..model.data import DEFAULT_DATASTORE, Mode
from ..model.data import DataPath as Place
from ..override import override
from .caller import caller
from .exceptions import UserErrorException
from .flow import Consumed, Placeholder

if TYPE_CHECKING:
    from .datastore import Datastore
    from .parameter import PipelineParameter

_READING = {"mount": Mode.MOUNT, "download": Mode.DOWNLOAD}


def referenced(origin: Place | PipelineParameter, name: str, reference: Reference) -> Consumed:
    """The input that a data reference means: a mounted one is writable, an uploaded one is written only (v1).

    Args:
        origin: The place in a datastore, or the parameter that will name one.
        name: The input's name.
        reference: How the place reaches the step: a mode, a path there, and for uploads whether to overwrite.

    Raises:
        UserErrorException: for an unknown mode.

    """
    modes = {**_READING, "upload": Mode.UPLOAD}
    if reference.mode not in modes:
        raise UserErrorException(f"data reference mode {reference.mode!r} is not one of {', '.join(modes)}")
    mode = modes[reference.mode]
    return Consumed(
        name,
        origin,
        mode,
        reference.path_on_compute or "",
        writable=mode is not Mode.DOWNLOAD,
        keep_existing=mode is Mode.UPLOAD and not reference.overwrite,
    )


def reading_mode(mode: str) -> Mode:
    """v1's word for how an input arrives, as ours. Raises UserErrorException."""
    if mode not in _READING:
        raise UserErrorException(f"input mode {mode!r} is not one of mount, download")
    return _READING[mode]


class Reference(Protocol):
    """How a place in a datastore reaches a step; v1 writes this in three classes."""

    mode: str
    path_on_compute: str | None
    overwrite: bool


class DataReference(Placeholder):
    """A file or folder of a datastore, as an input of a step."""

    def __init__(
        self,
        datastore: Datastore,
        data_reference_name: str | None = None,
        path_on_datastore: str | None = None,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        self.where = caller()
        if not hasattr(datastore, "name"):
            raise UserErrorException(
                f"DataReference: {datastore!r} is no datastore", where=self.where, remedy="pass Datastore(ws, 'name')"
            )
        self.datastore = datastore
        self.path_on_datastore = path_on_datastore
        self.mode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite
        self.data_reference_name = data_reference_name or _stable_name(datastore.name, path_on_datastore)

    @staticmethod
    def create(
        data_reference_name: str | None = None,
        datastore: Datastore | None = None,
        path_on_datastore: str | None = None,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> DataReference:
        """As the constructor, with v1's other order. Raises UserErrorException without a datastore."""
        if datastore is None:
            raise UserErrorException("DataReference.create needs a datastore", where=caller())
        return DataReference(datastore, data_reference_name, path_on_datastore, mode, path_on_compute, overwrite)

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """A place below this one."""
        below = "/".join(part for part in (self.path_on_datastore, path) if part) or None
        return DataReference(self.datastore, data_reference_name, below, self.mode)

    def as_mount(self) -> DataReference:
        """Present at its path."""
        return self._with("mount", self.path_on_compute)

    def as_download(self, path_on_compute: str | None = None, overwrite: bool = False) -> DataReference:
        """A private copy at `path_on_compute`."""
        return self._with("download", path_on_compute, overwrite=overwrite)

    def as_upload(self, path_on_compute: str | None = None, overwrite: bool = False) -> DataReference:
        """Written by the step and uploaded at its end."""
        return self._with("upload", path_on_compute, overwrite=overwrite)

    def to_config(self) -> DataReferenceConfiguration:
        """It as v1 writes it into a run configuration's ``data_references``."""
        return DataReferenceConfiguration(
            self.datastore.name, self.mode, self.path_on_datastore, self.path_on_compute, self.overwrite
        )

    @override
    def consumed(self) -> Consumed:
        """The place, as an input of the step."""
        place = Place(self.datastore.name, plain_path(self.path_on_datastore))
        return referenced(place, self.data_reference_name, self)

    def _with(self, mode: str, path_on_compute: str | None, *, overwrite: bool = False) -> DataReference:
        return DataReference(
            self.datastore, self.data_reference_name, self.path_on_datastore, mode, path_on_compute, overwrite
        )

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.data_reference_name}"

    @override
    def __repr__(self) -> str:
        return f"DataReference({self.data_reference_name!r}, {self.datastore.name}/{self.path_on_datastore or ''})"


class DataReferenceConfiguration:
    """A data reference as a run configuration holds it."""

    def __init__(
        self,
        datastore_name: str | None = None,
        mode: str = "mount",
        path_on_datastore: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        self.datastore_name = datastore_name
        self.mode = mode.lower()
        self.path_on_datastore = path_on_datastore
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite


class DataPath(Placeholder):
    """A place in a datastore, as a value: the default or the argument of a PipelineParameter."""

    def __init__(
        self, datastore: Datastore | None = None, path_on_datastore: str | None = None, name: str | None = None
    ) -> None:
        self.where = caller()
        self.datastore = datastore
        self.path_on_datastore = path_on_datastore
        self.name = name

    @property
    def datastore_name(self) -> str:
        """The datastore's name; the default's when none was given."""
        return self.datastore.name if self.datastore is not None else DEFAULT_DATASTORE

    @staticmethod
    def create_from_data_reference(data_reference: DataReference) -> DataPath:
        """The place of a data reference."""
        return DataPath(data_reference.datastore, data_reference.path_on_datastore, data_reference.data_reference_name)

    def create_data_reference(
        self, data_reference_name: str | None = None, datapath_compute_binding: DataPathComputeBinding | None = None
    ) -> DataReference:
        """The place as an input."""
        if self.datastore is None:
            raise UserErrorException("this DataPath names no datastore")
        binding = datapath_compute_binding or DataPathComputeBinding()
        return DataReference(
            self.datastore,
            data_reference_name,
            self.path_on_datastore,
            binding.mode,
            binding.path_on_compute,
            binding.overwrite,
        )

    def place(self) -> Place:
        """The place as the plan carries it."""
        return Place(self.datastore_name, plain_path(self.path_on_datastore))

    @override
    def consumed(self) -> Consumed:
        """The place, read by the step."""
        return self.bound(DataPathComputeBinding())

    def bound(self, binding: DataPathComputeBinding) -> Consumed:
        """The place, read by the step as `binding` says."""
        name = self.name or _stable_name(self.datastore_name, self.path_on_datastore)
        return referenced(self.place(), name, binding)

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.consumed().name}"

    @override
    def __repr__(self) -> str:
        return f"DataPath({self.datastore_name}/{self.path_on_datastore or ''})"


class DataPathComputeBinding:
    """How a data path reaches the step."""

    def __init__(self, mode: str = "mount", path_on_compute: str | None = None, overwrite: bool = False) -> None:
        self.mode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    @override
    def __repr__(self) -> str:
        return f"DataPathComputeBinding({self.mode!r}, path_on_compute={self.path_on_compute!r})"


def plain_path(path: str | None) -> str:
    """A path on a datastore as its keys have it: ``./data//x/`` is ``data/x``. Raises UserErrorException for ``..``."""
    parts = [part for part in (path or "").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UserErrorException(f"the path {path!r} leaves its datastore", remedy="write it without '..'")
    return "/".join(parts)


def _stable_name(datastore: str, path: str | None) -> str:
    # v1 draws a random name here, so such a step was never reused; ours says what it reads.
    if not path:
        return datastore
    return hashlib.sha256(f"{datastore}/{path}".encode()).hexdigest()[:32]
