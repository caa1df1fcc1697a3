"""The parts of a Run that have to do with the rest of its workspace: its code, other runs, models, secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from .exceptions import SnapshotException

if TYPE_CHECKING:
    from .registered_model import Model
    from .run import Run
    from .session import Session


class Snapshots:
    """``run.get_snapshot_id``, ``run.restore_snapshot``, ``run.take_snapshot``. An id is the content's digest."""

    @property
    def session(self) -> Session:
        """What is open."""
        raise NotImplementedError

    @property
    def facts(self) -> Mapping[str, str]:
        """What was said of the run."""
        raise NotImplementedError

    def state_fact(self, key: str, value: str) -> None:
        """Say one of the things that `facts` tells."""
        raise NotImplementedError

    def get_snapshot_id(self) -> str | None:
        """The snapshot of the folder that it ran from; None: it has none."""
        return self.facts.get("snapshot")

    def take_snapshot(self, file_or_folder_path: str) -> str:
        """Keep a file or a folder, v1's ignore rules applied, as the run's snapshot; its id.

        Raises SnapshotException: too much, or nothing there.
        """
        digest = keep_snapshot(self.session, Path(file_or_folder_path))
        self.state_fact("snapshot", digest)
        return digest

    def restore_snapshot(self, snapshot_id: str | None = None, path: str | None = None) -> str:
        """Write a snapshot as ``<snapshot id>.zip``.

        Args:
            snapshot_id: The snapshot; None: the run's own.
            path: The folder for the file, which is made; None: the current one.

        Returns:
            The absolute path of the file.

        Raises:
            SnapshotException: there is no such snapshot, it is damaged, or the file cannot be written.

        """
        from ..data import addressed, packing
        from ..errors import ObjectDamaged, ObjectMissing
        from ..model.task import snapshot_key

        wanted = snapshot_id or self.get_snapshot_id()
        if not wanted:
            raise SnapshotException(f"{self!r} has no snapshot")
        target = Path(path or ".").absolute() / f"{wanted}.zip"

        def checked(data: bytes) -> bytes:
            packing.members(data, wanted)
            return data

        try:
            data = addressed.load(self.session.store, snapshot_key(wanted), checked)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except ObjectDamaged as error:
            raise SnapshotException(str(error), error) from error
        except (ObjectMissing, ValueError) as error:
            raise SnapshotException(f"there is no snapshot {wanted!r} in this workspace", error) from error
        except OSError as error:
            what = f"the snapshot cannot be written below {str(target.parent)!r}: {error.strerror}"
            raise SnapshotException(what, error, remedy="name a folder") from error
        return str(target)


class InWorkspace:
    """``run.number``, ``run.register_model``, ``run.get_secret``."""

    @property
    def number(self) -> int:
        """Its place among the experiment's runs in the order of time, from 1."""
        from .run_lookup import number_of

        return number_of(cast("Run", self))

    def get_secret(self, name: str) -> str:
        """The value of a secret that the configuration names. Raises UserErrorException."""
        from .keyvault import Keyvault

        return Keyvault().get_secret(name)

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str]:
        """Several secrets' values by name. Raises UserErrorException."""
        return {name: self.get_secret(name) for name in secrets}

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: object = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: object = None,
        **kwargs: object,
    ) -> Model:
        """Register files of this run: `model_path` is a file or folder among them, such as ``outputs/model.pkl``.

        Raises ModelPathNotFoundException.
        """
        from .model_registry import Draft
        from .run_models import register_from_run

        run = cast("Run", self)
        draft = Draft(
            model_name,
            tags,
            properties,
            description,
            datasets,
            model_framework,
            model_framework_version,
            run=run.id,
            experiment=run.experiment.name,
        )
        return register_from_run(run, model_path or model_name, draft)


def keep_snapshot(session: Session, path: Path) -> str:
    """Store the snapshot of a folder, or of one file; its id. Raises SnapshotException."""
    from ..data import packing, snapshot
    from ..errors import BadInput

    if not path.exists():
        raise SnapshotException(f"there is nothing to take a snapshot of at {str(path)!r} ({path.absolute()})")
    try:
        taken = snapshot.take(path if path.is_dir() else path.parent)
    except BadInput as error:
        raise SnapshotException(str(error), error) from error
    if path.is_file():
        taken = snapshot.Snapshot(taken.folder, tuple(file for file in taken.files if file.path == path.name))
    return packing.keep(session.store, taken)
