"""Model: registered files with a name and versions, at ``registry/models/<name>/<version, 8 digits>``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..dataclass import dataclass, field
from ..errors import ObjectMissing
from ..model.digest import canonical_json
from ..model.document import from_document, to_document
from ..model.names import REGISTRY
from ..override import override
from .exceptions import ModelNotFoundException, ModelPathNotFoundException, NotOffered
from .session import current

if TYPE_CHECKING:
    from ..ports import ObjectStore
    from .workspace import Workspace

_PREFIX = f"{REGISTRY}models/"


@dataclass(frozen=True)
class ModelRecord:
    """One version of a registered model."""

    name: str
    version: int
    created: datetime
    files: tuple[str, ...] = ()
    """Paths below the version's folder; the first part is the name of the file or folder registered."""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    framework: str = ""
    framework_version: str = ""
    run: str = ""
    """The step run that made it, if any."""


class Model:
    """A registered model: the newest version of a name, unless a version or an id is given."""

    Framework = type("Framework", (), {"SCIKITLEARN": "ScikitLearn", "ONNX": "Onnx", "TENSORFLOW": "TensorFlow",
                                       "PYTORCH": "PyTorch", "CUSTOM": "Custom"})  # fmt: skip

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,
        tags: object = None,
        properties: object = None,
        version: int | None = None,
        **options: object,
    ) -> None:
        if id:
            name, _colon, number = id.partition(":")
            version = int(number)
        if not name:
            raise ModelNotFoundException("a model needs a name or an id")
        self.workspace = workspace
        self.record = find(workspace.session.store, name, version)

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
        **options: object,
    ) -> Model:
        """Upload a file or folder as the next version. Raises ModelPathNotFoundException."""
        source = Path(model_path)
        if not source.exists():
            raise ModelPathNotFoundException(f"there is no model at {model_path!r}", where=str(source.absolute()))
        store = workspace.session.store
        draft = ModelRecord(
            model_name,
            1,
            store.now(),
            tags=_texts(tags),
            properties=_texts(properties),
            description=description or "",
            framework=model_framework or "",
            framework_version=model_framework_version or "",
        )
        record = save(store, draft, _files(source))
        return Model(workspace, model_name, version=record.version)

    @staticmethod
    def list(workspace: Workspace, name: str | None = None, latest: bool = False, **options: object) -> list[Model]:
        """Registered models, newest version first within a name."""
        found = versions(workspace.session.store, name)
        if latest:
            found = list(dict(reversed(found)).items())
        return [Model(workspace, known, version=number) for known, number in found]

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Workspace | None = None) -> str:
        """Download below ``azureml-models/<name>/<version>/``; the path of the file or folder there."""
        record = find(current().store, model_name, version)
        return _download(current().store, record, Path("azureml-models") / model_name / str(record.version))

    @staticmethod
    def deploy(*_arguments: object, **_options: object) -> object:
        """Refuse: web services are out of scope."""
        raise NotOffered("Model.deploy is not offered: it needs an Azure service", remedy="serve the model yourself")

    def download(self, target_dir: str = ".", exist_ok: bool = False, exists_ok: bool | None = None) -> str:
        """Download below `target_dir`; the path of the file or folder there."""
        return _download(self.workspace.session.store, self.record, Path(target_dir))

    @property
    def name(self) -> str:
        """The registered name."""
        return self.record.name

    @property
    def version(self) -> int:
        """From 1."""
        return self.record.version

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"

    @property
    def tags(self) -> dict[str, str]:
        """What it was registered with."""
        return dict(self.record.tags)

    @property
    def properties(self) -> dict[str, str]:
        """What it was registered with."""
        return dict(self.record.properties)

    @property
    def description(self) -> str:
        """What was said when it was registered."""
        return self.record.description

    @property
    def created_time(self) -> datetime:
        """When it was registered."""
        return self.record.created

    @property
    def url(self) -> str:
        """Where it lies in the workspace store."""
        return f"aml://asset/{self.id}"

    @override
    def __repr__(self) -> str:
        return f"Model({self.id})"


def save(store: ObjectStore, draft: ModelRecord, files: Mapping[str, Path]) -> ModelRecord:
    """Upload the files, then claim the next version by put-if-absent: a version seen is whole."""
    from dataclasses import replace

    version = max((number for _name, number in versions(store, draft.name)), default=0)
    while True:
        version += 1
        if store.stat(_key(draft.name, version)) is not None:
            continue
        for name, path in files.items():
            store.upload(f"{_folder(draft.name, version)}/{name}", path)
        record = replace(draft, version=version, files=tuple(files))
        if store.put_if_absent(_key(draft.name, version), canonical_json(to_document(record))):
            return record


def find(store: ObjectStore, name: str, version: int | None) -> ModelRecord:
    """A version's record, the newest if None. Raises ModelNotFoundException."""
    number = version or max((number for _name, number in versions(store, name)), default=0)
    try:
        return from_document(ModelRecord, json.loads(store.get(_key(name, number))))
    except ObjectMissing as error:
        shown = f" version {version}" if version else ""
        raise ModelNotFoundException(f"model {name!r}{shown} is not registered in this workspace", error) from error


def versions(store: ObjectStore, name: str | None) -> list[tuple[str, int]]:
    """(name, version) of every registered model, newest version first within a name."""
    found = []
    for info in store.list(f"{_PREFIX}{name}/" if name else _PREFIX):
        parts = info.key[len(_PREFIX) :].split("/")
        if len(parts) == 2 and parts[1].endswith(".json"):
            found.append((parts[0], int(parts[1].removesuffix(".json"))))
    return sorted(found, key=lambda pair: (pair[0], -pair[1]))


def _folder(name: str, version: int) -> str:
    return f"{_PREFIX}{name}/{version:08d}"


def _key(name: str, version: int) -> str:
    return f"{_folder(name, version)}.json"


def _files(source: Path) -> dict[str, Path]:
    if source.is_file():
        return {source.name: source}
    root = source.resolve()
    return {
        f"{root.name}/{path.relative_to(root).as_posix()}": path for path in sorted(root.rglob("*")) if path.is_file()
    }


def _download(store: ObjectStore, record: ModelRecord, into: Path) -> str:
    for name in record.files:
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        store.download(f"{_folder(record.name, record.version)}/{name}", target)
    return str(into / record.files[0].partition("/")[0]) if record.files else str(into)


def _texts(values: Mapping[str, object] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (values or {}).items()}
