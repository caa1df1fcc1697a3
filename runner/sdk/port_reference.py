"""A finished step's output as the driver sees it: where it lies, how to fetch it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..model.data import DataPath as Place
from ..model.data import DataRef, Mode
from ..override import override
from .data import reading_mode
from .exceptions import UserErrorException
from .flow import Consumed, Placeholder

if TYPE_CHECKING:
    from .step_run import StepRun


class StepRunOutput:
    """One output of a step's run."""

    def __init__(self, step_run: StepRun, name: str) -> None:
        self.step_run = step_run
        self.name = name

    @override
    def __repr__(self) -> str:
        return f"StepRunOutput({self.name!r} of {self.step_run.id})"

    @property
    def id(self) -> str:
        """The step run's id and the output's name."""
        return f"{self.step_run.id}/{self.name}"

    def get_port_data_reference(self) -> PortDataReference:
        """Where it lies. Raises UserErrorException when the step has not delivered it."""
        ref = self.step_run.state.outputs.get(self.name)
        if ref is None:
            raise UserErrorException(
                f"step '{self.step_run.name}' has not delivered output '{self.name}' "
                f"(status {self.step_run.get_status()})",
                remedy="wait for the run to finish",
            )
        return PortDataReference(self.step_run, self.name, ref)


class PortDataReference(Placeholder):
    """Where a step's output lies. It can be an input of a later pipeline's step."""

    def __init__(self, step_run: StepRun, name: str, ref: DataRef, mode: Mode = Mode.MOUNT, path: str = "") -> None:
        self._step_run = step_run
        self.name = name
        self.ref = ref
        self._mode = mode
        self._path_on_compute = path

    @property
    def datastore_name(self) -> str:
        """The datastore it lies on."""
        return self.ref.datastore

    @property
    def datastore(self) -> object:
        """The datastore it lies on."""
        from .datastore import Datastore

        return Datastore(self._step_run.experiment.workspace, self.ref.datastore)

    @property
    def path_on_datastore(self) -> str:
        """Its path there: ``azureml/<step run id>/<output>``."""
        return self.ref.key

    @property
    def _path_on_datastore(self) -> str:  # samples open this private name of v1's
        return self.ref.key

    def download(self, local_path: str, overwrite: bool | None = None, show_progress: bool | None = None) -> int:
        """Copy it below `local_path` under its whole path on the datastore; how many files.

        Files that are there already are left as they are unless `overwrite`. Raises DataChanged when the datastore
        has not the bytes any more that the step committed.
        """
        from ..data import manifest, transfer
        from .datastore_files import fetch

        session = self._step_run.session
        store = session.datastore(self.ref.datastore)
        described = manifest.load(session.store, self.ref.digest)
        known = {transfer.key_of(self.ref.key, entry): entry for entry in described.entries}
        for folder in described.folders:
            Path(local_path, self.ref.key, folder).mkdir(parents=True, exist_ok=True)

        def bring(key: str, path: Path) -> None:
            transfer.fetch_file(store, key, known[key], path)

        return fetch(store, {key: key for key in known}, local_path, overwrite, show_progress, bring=bring)

    def as_mount(self, input_name: str | None = None) -> PortDataReference:
        """Present at its path."""
        return self.create_input_binding(input_name, "mount")

    def as_download(
        self, input_name: str | None = None, path_on_compute: str | None = None, overwrite: bool | None = None
    ) -> PortDataReference:
        """Copied to `path_on_compute`."""
        return self.create_input_binding(input_name, "download", path_on_compute, overwrite)

    def as_input(self, input_name: str) -> PortDataReference:
        """Read under another name."""
        return PortDataReference(self._step_run, input_name, self.ref, self._mode, self._path_on_compute)

    def create_input_binding(
        self,
        input_name: str | None = None,
        mode: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool | None = None,
    ) -> PortDataReference:
        """An input with a name, a mode and a path of its own."""
        chosen = reading_mode(mode or "mount")
        return PortDataReference(self._step_run, input_name or self.name, self.ref, chosen, path_on_compute or "")

    @override
    def consumed(self) -> Consumed:
        """The place, read by a later step."""
        return Consumed(self.name, Place(self.ref.datastore, self.ref.key), self._mode, self._path_on_compute)

    @override
    def __repr__(self) -> str:
        return f"PortDataReference({self.name!r}, {self.ref.datastore}/{self.ref.key})"

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.name}"
