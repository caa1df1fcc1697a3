"""Module and ModuleVersion: a script published once, used by many pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..dataclass import dataclass
from ..override import override
from . import module_registry as registry
from .exceptions import UserErrorException
from .port_defs import InputPortDef, OutputPortDef

if TYPE_CHECKING:
    from ..model.plan import Scalar
    from .workspace import Workspace


@dataclass(frozen=True)
class ModuleVersionDescriptor:
    """A version in a module's list."""

    version: str
    module_version_id: str


class Module:
    """A named script with ports, in versions. Made by `create` and `get`."""

    def __init__(self, workspace: Workspace, record: registry.ModuleRecord) -> None:
        self.workspace = workspace
        self.record = record
        self.status = "Active"

    @staticmethod
    def create(workspace: Workspace, name: str, description: str, _workflow_provider: object = None) -> Module:
        """A new module; from now on the name means this one."""
        return Module(workspace, registry.create(workspace.session.store, name, description or ""))

    @staticmethod
    def get(
        workspace: Workspace, module_id: str | None = None, name: str | None = None, _workflow_provider: object = None
    ) -> Module:
        """By id or by name. Raises UserErrorException."""
        if not module_id and not name:
            raise UserErrorException("Module.get needs module_id or name")
        record = registry.find(workspace.session.store, name=name or "", identity=module_id or "")
        if record is None:
            raise UserErrorException(
                f"there is no module {name or module_id!r} in this workspace",
                remedy="make it with Module.create and module.publish_python_script",
            )
        return Module(workspace, record)

    @property
    def id(self) -> str:
        """Its id."""
        return self.record.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.record.name

    @property
    def description(self) -> str:
        """What was said when it was created."""
        return self.record.description

    @property
    def default_version(self) -> str:
        """The version that steps get who name none."""
        return self.get_default_version()

    def publish_python_script(
        self,
        script_name: str,
        description: str | None,
        inputs: Sequence[InputPortDef] | None,
        outputs: Sequence[OutputPortDef] | None,
        params: Mapping[str, object] | None = None,
        create_sequencing_ports: bool = True,
        version: str | None = None,
        is_default: bool = False,
        source_directory: str | None = None,
        hash_paths: Sequence[str] | None = None,
        category: str | None = None,
        arguments: Iterable[object] | None = None,
        runconfig: object = None,
    ) -> ModuleVersion:
        """Store the folder's snapshot and the ports as a version. Raises ValueError, UserErrorException."""
        from .module_publishing import Published, published

        store = self.workspace.session.store
        what = Published(script_name, source_directory or ".", tuple(inputs or ()), tuple(outputs or ()))
        record = published(store, what, params or {}, list(arguments or ()), runconfig)
        made = registry.add(store, self.record, _named(record, version, description))
        if is_default:
            registry.set_default(store, self.record, made.version)
        return ModuleVersion(self, made)

    def resolve(self, version: str | None = None) -> ModuleVersion | None:
        """The version; an unknown one, or none, is the default version. None when there is no version."""
        known = {record.version: record for record in registry.versions(self.workspace.session.store, self.record)}
        record = known.get(str(version)) or known.get(self.get_default_version())
        return ModuleVersion(self, record) if record else None

    def get_default(self) -> ModuleVersion | None:
        """The default version."""
        return self.resolve()

    def get_default_version(self) -> str:
        """The default version's name."""
        return registry.default_version(self.workspace.session.store, self.record)

    def set_default_version(self, version_id: str) -> None:
        """Make a version, given by its id or its name, the default. Raises UserErrorException."""
        for known in self.module_version_list():
            if version_id in (known.version, known.module_version_id):
                registry.set_default(self.workspace.session.store, self.record, known.version)
                return
        raise UserErrorException(f"module '{self.name}' has no version {version_id!r}")

    def module_version_list(self) -> list[ModuleVersionDescriptor]:
        """Names and ids of all versions, oldest first."""
        found = registry.versions(self.workspace.session.store, self.record)
        return [
            ModuleVersionDescriptor(record.version, registry.version_id(self.record, record.version))
            for record in found
        ]

    def versions(self) -> dict[str, ModuleVersion]:
        """All versions by name."""
        found = registry.versions(self.workspace.session.store, self.record)
        return {record.version: ModuleVersion(self, record) for record in found}

    @staticmethod
    def get_versions(workspace: Workspace, name: str, _workflow_provider: object = None) -> dict[str, ModuleVersion]:
        """All versions of the module of that name. Raises UserErrorException."""
        return Module.get(workspace, name=name).versions()

    @override
    def __repr__(self) -> str:
        return f"Module({self.name!r})"


class ModuleVersion:
    """One version of a module: a script in a snapshot, its ports, parameters and arguments."""

    def __init__(self, module: Module, record: registry.VersionRecord) -> None:
        self.module = module
        self.record = record
        self.status = "Active"

    @staticmethod
    def get(workspace: Workspace, module_version_id: str, _workflow_provider: object = None) -> ModuleVersion:
        """By id. Raises UserErrorException."""
        found = registry.by_version_id(workspace.session.store, module_version_id)
        if found is None:
            raise UserErrorException(f"there is no module version {module_version_id!r} in this workspace")
        return ModuleVersion(Module(workspace, found[0]), found[1])

    @property
    def id(self) -> str:
        """Its id."""
        return registry.version_id(self.module.record, self.version)

    @property
    def version(self) -> str:
        """Its name."""
        return self.record.version

    @property
    def module_id(self) -> str:
        """The module's id."""
        return self.module.id

    @property
    def description(self) -> str:
        """What was said when it was published."""
        return self.record.description

    @property
    def params(self) -> dict[str, Scalar]:
        """Parameters and their defaults."""
        return dict(self.record.params)

    @override
    def __repr__(self) -> str:
        return f"ModuleVersion({self.module.name!r}, {self.version!r})"


def _named(record: registry.VersionRecord, version: str | None, description: str | None) -> registry.VersionRecord:
    from dataclasses import replace

    return replace(record, version="" if version is None else str(version), description=description or "")
