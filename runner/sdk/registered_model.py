"""Model: registered files with a name and versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..override import override
from . import model_registry as registry
from .exceptions import ModelNotFoundException, ModelPathNotFoundException, UserErrorException
from .model_facts import ModelFacts
from .model_query import Wanted, parts_of
from .model_registry import Draft
from .plain_values import texts
from .refused import refusing
from .session import current

if TYPE_CHECKING:
    from .workspace import Workspace

_SERVICE = "it needs an Azure service"
_SERVE = "serve the model yourself"


class Model(ModelFacts):
    """A registered model: the newest version of a name, unless a version or an id is given."""

    Framework = type("Framework", (), {"SCIKITLEARN": "ScikitLearn", "ONNX": "Onnx", "TENSORFLOW": "TensorFlow",
                                       "PYTORCH": "PyTorch", "CUSTOM": "Custom", "MULTI": "Multi"})  # fmt: skip

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,
        tags: object = None,
        properties: object = None,
        version: int | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
        expand: bool = True,
        **kwargs: object,
    ) -> None:
        """Find it. Raises ModelNotFoundException when none fits all that is said."""
        if id:
            name, version = parts_of(id)
        store = workspace.session.store
        wanted = Wanted(name, tags, properties, run_id, model_framework, version)
        if name and wanted.only_named:
            record: registry.ModelRecord | None = registry.find(store, name, version)
        else:
            record = None if wanted == Wanted() else next(wanted.records(store), None)
        if record is None:
            raise ModelNotFoundException(f"no registered model is {wanted}")
        self.workspace = workspace
        self.record = record

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str,
        model_name: str,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        description: str | None = None,
        datasets: object = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Iterable[str] | None = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: object = None,
        **kwargs: object,
    ) -> Model:
        """Upload a file or folder of the current folder, or of the step's inputs and outputs, as the next version.

        Raises ModelPathNotFoundException, PermissionError for a path elsewhere.
        """
        source = Path(model_path)
        if not source.exists():
            raise ModelPathNotFoundException(f"there is no model at {model_path!r}", where=str(source.absolute()))
        if not registry.may_be_registered(source):
            raise PermissionError(
                f"the model {str(source.resolve())!r} lies outside the current folder {str(Path.cwd())!r}: "
                "copy it below, or change into its folder"
            )
        draft = Draft(model_name, tags, properties, description, datasets, model_framework, model_framework_version)
        return Model.registered(workspace, draft, registry.files_of(source, child_paths))

    @staticmethod
    def registered(workspace: Workspace, draft: Draft, files: Mapping[str, Path]) -> Model:
        """Upload files, each under its name in the model, as the next version. Raises UserErrorException."""
        store = workspace.session.store
        print(f"Registering model {draft.name}")
        record = registry.save(store, draft.record(store.now()), files)
        return Model(workspace, draft.name, version=record.version)

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        tags: object = None,
        properties: object = None,
        run_id: str | None = None,
        latest: bool = False,
        dataset_id: str | None = None,
        expand: bool = True,
        page_count: int = 255,
        model_framework: str | None = None,
    ) -> list[Model]:
        """Registered models that fit all that is said, newest version first within a name.

        `tags` and `properties` are a key, a dict, or a list of keys and of [key, value].
        """
        wanted = Wanted(name, tags, properties, run_id, model_framework, dataset=dataset_id)
        records = [*wanted.records(workspace.session.store)]
        if latest:
            records = [*{record.name: record for record in reversed(records)}.values()]
        return [Model(workspace, record.name, version=record.version) for record in records]

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Workspace | None = None) -> str:
        """Download below ``azureml-models/<name>/<version>/``; the path of the file or folder there.

        Raises ModelNotFoundException.
        """
        store = _workspace.session.store if _workspace is not None else current().store
        record = registry.find(store, model_name, version)
        return registry.download(store, record, Path("azureml-models") / model_name / str(record.version))

    deploy = staticmethod(refusing("Model.deploy", _SERVICE, _SERVE))
    package = staticmethod(refusing("Model.package", _SERVICE, _SERVE))
    profile = staticmethod(refusing("Model.profile", _SERVICE, _SERVE))
    get_sas_urls = refusing("Model.get_sas_urls", _SERVICE, "use model.download()")

    def download(self, target_dir: str = ".", exist_ok: bool = False, exists_ok: bool | None = None) -> str:
        """Download below `target_dir`; the path of the file or folder there.

        Raises UserErrorException for what is there already, unless `exist_ok`.
        """
        into = Path(target_dir)
        there = [name for name in self.record.files if (into / name).exists()]
        if there and not (exist_ok or exists_ok):
            raise UserErrorException(
                f"{str(into / there[0])!r} exists already", remedy="download(..., exist_ok=True) overwrites it"
            )
        return registry.download(self.workspace.session.store, self.record, into)

    def delete(self) -> None:
        """Remove this version and its files."""
        registry.remove(self.workspace.session.store, self.record)

    def update(
        self, tags: Mapping[str, object] | None = None, description: str | None = None, **kwargs: object
    ) -> None:
        """Replace the tags, the description."""
        changed = replace(self.record, description=self.description if description is None else description)
        self._change(changed if tags is None else replace(changed, tags=texts(tags)))

    def add_tags(self, tags: Mapping[str, object]) -> None:
        """Set tags beside those there are."""
        self._change(replace(self.record, tags={**self.record.tags, **texts(tags)}))

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags by key."""
        gone = {tags} if isinstance(tags, str) else set(tags)
        self._change(replace(self.record, tags={k: v for k, v in self.record.tags.items() if k not in gone}))

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Set properties. Raises UserErrorException for a key that is set already."""
        taken = sorted(set(properties) & set(self.record.properties))
        if taken:
            raise UserErrorException(f"property {taken[0]!r} is set already: properties cannot be changed")
        self._change(replace(self.record, properties={**self.record.properties, **texts(properties)}))

    def update_tags_properties(
        self,
        add_tags: Mapping[str, object] | None = None,
        remove_tags: Iterable[str] | None = None,
        add_properties: Mapping[str, object] | None = None,
    ) -> None:
        """All of it. Raises UserErrorException, before anything is changed, for a property that is set already."""
        self.add_properties(add_properties or {})
        self.remove_tags(remove_tags or ())
        self.add_tags(add_tags or {})

    def _change(self, record: registry.ModelRecord) -> None:
        registry.rewrite(self.workspace.session.store, record)
        self.record = record

    @override
    def __repr__(self) -> str:
        shown = {"name": self.name, "id": self.id, "version": self.version, "tags": self.tags}
        return f"Model(workspace={self.workspace!r}, {', '.join(f'{key}={value}' for key, value in shown.items())})"
