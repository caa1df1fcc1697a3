"""Places in datastores: DataReference, DataPath and DataPathComputeBinding."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ...model.data import DEFAULT_DATASTORE, DatastorePath, Mode
from ...override import override
from ..base.caller import caller
from ..base.exceptions import UserErrorException
from ..base.placeholders import Consumed, Placeholder

if TYPE_CHECKING:
    from ..base.pipeline_parameter import PipelineParameter
    from .datastore import Datastore

_READING = {"mount": Mode.MOUNT, "download": Mode.DOWNLOAD}


def referenced(origin: DatastorePath | PipelineParameter, name: str, reference: Reference) -> Consumed:
    """Return the input of a data reference: a mounted one can be written to, an uploaded one is only written.

    Args:
        origin: The place in a datastore, or the parameter that will name one.
        name: The input's name.
        reference: Its mode, its path in the step, and for uploads whether to overwrite.

    Raises:
        UserErrorException: The mode is unknown.

    """
    modes = {**_READING, "upload": Mode.UPLOAD}
    if reference.mode not in modes:
        raise UserErrorException(f"data reference mode {reference.mode!r} is not one of {', '.join(modes)}")
    mode = modes[reference.mode]
    return Consumed(
        name=name,
        origin=origin,
        mode=mode,
        path_on_compute=reference.path_on_compute or "",
        writable=mode is not Mode.DOWNLOAD,
        keep_existing=mode is Mode.UPLOAD and not reference.overwrite,
    )


def reading_mode(mode: str | None) -> Mode:
    """Return the mode of an input.

    Args:
        mode: v1's ``mount`` or ``download``. None: runner decides by size.

    Raises:
        UserErrorException: The mode is another.

    """
    if mode is None:
        return Mode.AUTO
    if mode not in _READING:
        raise UserErrorException(f"input mode {mode!r} is not one of mount, download")
    return _READING[mode]


class Reference(Protocol):
    """The way in which a place in a datastore reaches a step; v1 has three classes of it."""

    mode: str
    path_on_compute: str | None
    overwrite: bool


class DataReference(Placeholder):
    """A file or folder of a datastore, as an input of a step.

    Example:
        >>> raw = DataReference(datastore, "raw", path_on_datastore="raw/2026")
        >>> step = PythonScriptStep("clean.py", arguments=["--raw", raw], inputs=[raw], source_directory="src")

    Args:
        datastore: The datastore.
        data_reference_name: The input's name: letters, digits, underscore. None: the datastore's name, or with a path
            a name derived from both.
        path_on_datastore: The path. None: the whole datastore.
        mode: ``"mount"``: the data are at their path, and files that the step writes below it are copied back to the
            datastore. ``"download"``: a private copy. ``"upload"``: the step writes there. Default: mount.
        path_on_compute: The path in the step. None: a path is chosen.
        overwrite: True: an upload replaces files that exist on the datastore. Default: False.

    Raises:
        UserErrorException: `datastore` is no datastore.

    """

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
        """Return a data reference; the constructor with v1's other order of parameters.

        Args:
            data_reference_name: See the class. None: a derived name.
            datastore: The datastore. Required.
            path_on_datastore: The path. None: the whole datastore.
            mode: ``"mount"``, ``"download"`` or ``"upload"``. Default: mount.
            path_on_compute: The path in the step. None: a path is chosen.
            overwrite: True: an upload replaces files that exist. Default: False.

        Raises:
            UserErrorException: There is no datastore.

        """
        if datastore is None:
            raise UserErrorException("DataReference.create needs a datastore", where=caller())
        return DataReference(datastore, data_reference_name, path_on_datastore, mode, path_on_compute, overwrite)

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataReference:
        """Return a place below this one.

        Args:
            path: The path below it. None: the same place.
            data_reference_name: The input's name. None: a derived name.

        """
        below = "/".join(part for part in (self.path_on_datastore, path) if part) or None
        return DataReference(self.datastore, data_reference_name, below, self.mode)

    def as_mount(self) -> DataReference:
        """Return the reference in mode ``mount``."""
        return self._with("mount", self.path_on_compute)

    def as_download(self, path_on_compute: str | None = None, overwrite: bool = False) -> DataReference:
        """Return the reference in mode ``download``.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.
            overwrite: Accepted as in v1; it has no effect on a download. Default: False.

        """
        return self._with("download", path_on_compute, overwrite=overwrite)

    def as_upload(self, path_on_compute: str | None = None, overwrite: bool = False) -> DataReference:
        """Return the reference in mode ``upload``: files below its path are uploaded when the script has ended.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.
            overwrite: True: replace files that exist on the datastore. Default: False.

        """
        return self._with("upload", path_on_compute, overwrite=overwrite)

    def to_config(self) -> DataReferenceConfiguration:
        """Return the reference as v1 writes it into a run configuration's ``data_references``."""
        return DataReferenceConfiguration(
            self.datastore.name, self.mode, self.path_on_datastore, self.path_on_compute, self.overwrite
        )

    @override
    def consumed(self) -> Consumed:
        """Return the place as an input of the step."""
        place = DatastorePath(self.datastore.name, plain_path(self.path_on_datastore))
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
    """A data reference as a run configuration has it.

    Args:
        datastore_name: The datastore. None: the default one.
        mode: ``"mount"``, ``"download"`` or ``"upload"``. Default: mount.
        path_on_datastore: The path. None: the whole datastore.
        path_on_compute: The path in the step. None: a path is chosen.
        overwrite: True: an upload replaces files that exist. Default: False.

    """

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
    """A place in a datastore as a value: the default of a PipelineParameter, or its value at submit.

    Example:
        >>> where = PipelineParameter("where", DataPath(datastore, "raw/2026"))
        >>> raw = (where, DataPathComputeBinding(mode="mount"))
        >>> step = PythonScriptStep("clean.py", arguments=["--raw", raw], inputs=[raw], source_directory="src")

    Args:
        datastore: The datastore. None: the default one.
        path_on_datastore: The path. None: the whole datastore.
        name: The input's name. None: a derived name.

    """

    def __init__(
        self, datastore: Datastore | None = None, path_on_datastore: str | None = None, name: str | None = None
    ) -> None:
        self.where = caller()
        self.datastore = datastore
        self.path_on_datastore = path_on_datastore
        self.name = name

    @property
    def datastore_name(self) -> str:
        """The datastore's name; that of the default one if none was given."""
        return self.datastore.name if self.datastore is not None else DEFAULT_DATASTORE

    @staticmethod
    def create_from_data_reference(data_reference: DataReference) -> DataPath:
        """Return the place of a data reference.

        Args:
            data_reference: The data reference.

        """
        return DataPath(data_reference.datastore, data_reference.path_on_datastore, data_reference.data_reference_name)

    def create_data_reference(
        self, data_reference_name: str | None = None, datapath_compute_binding: DataPathComputeBinding | None = None
    ) -> DataReference:
        """Return a data reference to the place.

        Args:
            data_reference_name: The input's name. None: a derived name.
            datapath_compute_binding: Mode and path in the step. None: mount, at a chosen path.

        Raises:
            UserErrorException: The path has no datastore.

        """
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

    def place(self) -> DatastorePath:
        """Return the place as a plan has it."""
        return DatastorePath(self.datastore_name, plain_path(self.path_on_datastore))

    @override
    def consumed(self) -> Consumed:
        """Return the place as a mounted input."""
        return self.bound(DataPathComputeBinding())

    def bound(self, binding: DataPathComputeBinding) -> Consumed:
        """Return the place as an input.

        Args:
            binding: Mode and path in the step.

        """
        name = self.name or _stable_name(self.datastore_name, self.path_on_datastore)
        return referenced(self.place(), name, binding)

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.consumed().name}"

    @override
    def __repr__(self) -> str:
        return f"DataPath({self.datastore_name}/{self.path_on_datastore or ''})"


class DataPathComputeBinding:
    """The way in which a DataPath reaches the step.

    Args:
        mode: ``"mount"``, ``"download"`` or ``"upload"``; see DataReference. Default: mount.
        path_on_compute: The path in the step. None: a path is chosen.
        overwrite: True: an upload replaces files that exist on the datastore. Default: False.

    """

    def __init__(self, mode: str = "mount", path_on_compute: str | None = None, overwrite: bool = False) -> None:
        self.mode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    def create_data_reference(
        self, data_reference_name: str | None = None, datapath: DataPath | None = None
    ) -> DataReference:
        """Return a data reference to a place, bound in this way.

        Args:
            data_reference_name: The input's name. None: a derived name.
            datapath: The place. Required.

        Raises:
            UserErrorException: There is no place.

        """
        return (datapath or DataPath()).create_data_reference(data_reference_name, self)

    @staticmethod
    def create_from_data_reference(data_reference: DataReference) -> DataPathComputeBinding:
        """Return the way in which a data reference is bound.

        Args:
            data_reference: The data reference.

        """
        return DataPathComputeBinding(data_reference.mode, data_reference.path_on_compute, data_reference.overwrite)

    @override
    def __repr__(self) -> str:
        return f"DataPathComputeBinding({self.mode!r}, path_on_compute={self.path_on_compute!r})"


def plain_path(path: str | None) -> str:
    """Return a path on a datastore in the form of its keys: ``./data//x/`` is ``data/x``.

    Args:
        path: The path. None: empty.

    Raises:
        UserErrorException: The path has ``..``.

    """
    parts = [part for part in (path or "").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UserErrorException(f"the path {path!r} leaves its datastore", remedy="write it without '..'")
    return "/".join(parts)


def _stable_name(datastore: str, path: str | None) -> str:
    # v1 draws a random name here, so such a step was never reused. Here the name follows from the path.
    if not path:
        return datastore
    return hashlib.sha256(f"{datastore}/{path}".encode()).hexdigest()[:32]


def pair_of(item: object) -> tuple[object, object] | None:
    """Return the two items of a pair such as ``(datastore, path)``; None for what is no sequence of two.

    Args:
        item: What the user gave.

    """
    if isinstance(item, Sequence) and not isinstance(item, (str, bytes)) and len(item) == 2:
        return item[0], item[1]
    return None
