"""Model: registered files with a name and versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...data.registered_models import ModelRecord
from ...override import override
from ..base.exceptions import ModelNotFoundException, ModelPathNotFoundException, UserErrorException
from ..base.plain_values import texts
from ..base.refused import refusing
from ..base.session import current
from . import registry
from .facts import ModelFacts
from .query import Wanted, parts_of
from .registry import Draft

if TYPE_CHECKING:
    from ..workspaces.workspace import Workspace

_SERVICE = "it needs an Azure service"
_SERVE = "serve the model yourself"


class Model(ModelFacts):
    """A registered model: files with a name and a version.

    Example:
        >>> model = Model.register(ws, model_path="outputs/model.pkl", model_name="churn", tags={"kind": "tree"})
        >>> newest = Model(ws, "churn")
        >>> path = newest.download("models", exist_ok=True)

    Args:
        workspace: The workspace.
        name: The name. None: `id` or other facts are given.
        id: The id, ``name:version``. None: `name` or other facts are given.
        tags: Tags that the model must have: a key, a dict, or a list of keys and of ``[key, value]``. None: any.
        properties: Properties that it must have, likewise. None: any.
        version: The version. None: the newest.
        run_id: The run that made it. None: any.
        model_framework: The framework that it was registered with. None: any.
        expand, **kwargs: Accepted as in v1 and ignored.

    Raises:
        ModelNotFoundException: No model has all of these.

    """

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
        wanted = Wanted(
            name=name, tags=tags, properties=properties, run=run_id, framework=model_framework, version=version
        )
        if name and wanted.only_named:
            record: ModelRecord | None = registry.find(store, name, version)
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
        """Upload a file or folder and register it as the next version of a name.

        Args:
            workspace: The workspace.
            model_path: The file or folder: below the current folder, or in the step's inputs and outputs.
            model_name: The name.
            tags: Tags. None: none.
            properties: Properties, which cannot be changed later. None: none.
            description: Text for people. None: none.
            datasets: Pairs of a scenario and a dataset, as in ``[(Dataset.Scenario.TRAINING, dataset)]``. None: none.
            model_framework: The framework, for example ``Model.Framework.SCIKITLEARN``. None: none.
            model_framework_version: The framework's version. None: none.
            child_paths: Paths below the folder to upload. None: all.
            sample_input_dataset, sample_output_dataset, resource_configuration, **kwargs: Accepted as in v1 and
                ignored.

        Returns:
            The registered model.

        Raises:
            ModelPathNotFoundException: There is nothing at `model_path`.
            PermissionError: It lies elsewhere.

        """
        source = Path(model_path)
        if not source.exists():
            raise ModelPathNotFoundException(f"there is no model at {model_path!r}", where=str(source.absolute()))
        if not registry.may_be_registered(source):
            raise PermissionError(
                f"the model {str(source.resolve())!r} lies outside the current folder {str(Path.cwd())!r}: "
                "copy it below, or change into its folder"
            )
        draft = Draft(
            name=model_name,
            tags=tags,
            properties=properties,
            description=description,
            datasets=datasets,
            framework=model_framework,
            framework_version=model_framework_version,
        )
        return Model.registered(workspace, draft, registry.files_of(source, child_paths))

    @staticmethod
    def registered(workspace: Workspace, draft: Draft, files: Mapping[str, Path]) -> Model:
        """Upload files and register them as the next version.

        Args:
            workspace: The workspace.
            draft: The facts of the model.
            files: Paths of files by their names in the model.

        Returns:
            The registered model.

        Raises:
            UserErrorException: The name is invalid.

        """
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
        """Return the registered models that have all of the given facts, newest version first within a name.

        Args:
            workspace: The workspace.
            name: The name. None: any.
            tags: A key, a dict, or a list of keys and of ``[key, value]``. None: any.
            properties: Likewise. None: any.
            run_id: The run that made it. None: any.
            latest: True: only the newest version of each name. Default: False.
            dataset_id: The id of a dataset that it was registered with. None: any.
            model_framework: The framework. None: any.
            expand, page_count: Accepted as in v1 and ignored.

        """
        wanted = Wanted(
            name=name, tags=tags, properties=properties, run=run_id, framework=model_framework, dataset=dataset_id
        )
        records = [*wanted.records(workspace.session.store)]
        if latest:
            records = [*{record.name: record for record in reversed(records)}.values()]
        return [Model(workspace, record.name, version=record.version) for record in records]

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Workspace | None = None) -> str:
        """Download a model below ``azureml-models/<name>/<version>/`` of the current folder.

        Args:
            model_name: The name.
            version: The version. None: the newest.

        Returns:
            The path of the file or folder.

        Raises:
            ModelNotFoundException: There is no such model.

        """
        store = _workspace.session.store if _workspace is not None else current().store
        record = registry.find(store, model_name, version)
        return registry.download(store, record, Path("azureml-models") / model_name / str(record.version))

    deploy = staticmethod(refusing("Model.deploy", _SERVICE, _SERVE))
    package = staticmethod(refusing("Model.package", _SERVICE, _SERVE))
    profile = staticmethod(refusing("Model.profile", _SERVICE, _SERVE))
    print_configuration = staticmethod(refusing("Model.print_configuration", _SERVICE, _SERVE))
    get_sas_urls = refusing("Model.get_sas_urls", _SERVICE, "use model.download()")

    def download(self, target_dir: str = ".", exist_ok: bool = False, exists_ok: bool | None = None) -> str:
        """Download the model.

        Args:
            target_dir: The folder. Default: the current one.
            exist_ok: True: replace files that exist. Default: False, they are an error.
            exists_ok: v1's other name of `exist_ok`. None: not given.

        Returns:
            The path of the file or folder.

        Raises:
            UserErrorException: A file exists.

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
        """Replace tags and description.

        Args:
            tags: The new tags. None: unchanged.
            description: The new description. None: unchanged.
            **kwargs: Accepted as in v1 and ignored.

        """
        changed = replace(self.record, description=self.description if description is None else description)
        self._change(changed if tags is None else replace(changed, tags=texts(tags)))

    def add_tags(self, tags: Mapping[str, object]) -> None:
        """Add tags, or replace those of the same keys.

        Args:
            tags: The tags.

        """
        self._change(replace(self.record, tags={**self.record.tags, **texts(tags)}))

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags.

        Args:
            tags: Their keys.

        """
        gone = {tags} if isinstance(tags, str) else set(tags)
        self._change(replace(self.record, tags={k: v for k, v in self.record.tags.items() if k not in gone}))

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties.

        Args:
            properties: The properties.

        Raises:
            UserErrorException: A property of that key exists: properties cannot be changed.

        """
        taken = sorted(set(properties) & set(self.record.properties))
        if taken:
            raise UserErrorException(f"property {taken[0]!r} is set already: properties cannot be changed")
        self._change(replace(self.record, properties={**self.record.properties, **texts(properties)}))

    def add_dataset_references(self, datasets: Iterable[tuple[str, object]]) -> None:
        """Add datasets that the model was made of.

        Args:
            datasets: Pairs of a scenario, such as ``Dataset.Scenario.TRAINING``, and a dataset.

        """
        added = [pair for pair in registry.dataset_pairs(list(datasets)) if pair not in self.record.datasets]
        self._change(replace(self.record, datasets=(*self.record.datasets, *added)))

    def update_tags_properties(
        self,
        add_tags: Mapping[str, object] | None = None,
        remove_tags: Iterable[str] | None = None,
        add_properties: Mapping[str, object] | None = None,
    ) -> None:
        """Add properties, remove tags and add tags.

        Args:
            add_tags: The tags to add. None: none.
            remove_tags: The keys of the tags to remove. None: none.
            add_properties: The properties to add. None: none.

        Raises:
            UserErrorException: A property of that key exists. Nothing was changed then.

        """
        self.add_properties(add_properties or {})
        self.remove_tags(remove_tags or ())
        self.add_tags(add_tags or {})

    def _change(self, record: ModelRecord) -> None:
        registry.rewrite(self.workspace.session.store, record)
        self.record = record

    @override
    def __repr__(self) -> str:
        shown = {"name": self.name, "id": self.id, "version": self.version, "tags": self.tags}
        return f"Model(workspace={self.workspace!r}, {', '.join(f'{key}={value}' for key, value in shown.items())})"
