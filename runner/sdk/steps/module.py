"""Module and ModuleVersion: a script that is published once and used by many pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...dataclass import dataclass
from ...override import override
from ..base.exceptions import NotOffered, UserErrorException
from . import module_registry as registry
from .port_definitions import InputPortDef, OutputPortDef

if TYPE_CHECKING:
    from ...model.plan import Scalar
    from ..workspaces.workspace import Workspace


@dataclass(frozen=True)
class ModuleVersionDescriptor:
    """A version in the list of a module."""

    version: str
    module_version_id: str


class Module:
    """A published script with ports, in versions. `Module.create` and `Module.get` return one.

    Example:
        >>> module = Module.create(ws, "clean", "cleans the raw data")
        >>> raw, clean = InputPortDef("raw"), OutputPortDef("clean", is_directory=True)
        >>> module.publish_python_script("clean.py", "", [raw], [clean], arguments=[raw, clean], source_directory="src")

    Args:
        workspace: The workspace.
        record: The module's record in the workspace store.

    """

    def __init__(self, workspace: Workspace, record: registry.ModuleRecord) -> None:
        self.workspace = workspace
        self.record = record
        self.status = "Active"

    @staticmethod
    def create(workspace: Workspace, name: str, description: str, _workflow_provider: object = None) -> Module:
        """Create a module; its name then means this one.

        Args:
            workspace: The workspace.
            name: Letters, digits, dash, underscore, dot and space.
            description: Text for people.

        Returns:
            The module, without versions.

        """
        return Module(workspace, registry.create(workspace.session.store, name, description or ""))

    @staticmethod
    def get(
        workspace: Workspace, module_id: str | None = None, name: str | None = None, _workflow_provider: object = None
    ) -> Module:
        """Return a module by id or by name.

        Args:
            workspace: The workspace.
            module_id: The id. None: `name` is given.
            name: The name. None: `module_id` is given.

        Raises:
            UserErrorException: Neither is given, or there is no such module.

        """
        if not module_id and not name:
            raise UserErrorException("Module.get needs module_id or name")
        record = registry.find(workspace.session.store, name=name or "", identity=module_id or "")
        if record is None:
            raise UserErrorException(
                f"there is no module {name or module_id!r} in this workspace",
                remedy="make it with Module.create and module.publish_python_script",
            )
        return Module(workspace, record)

    @staticmethod
    def load_yaml(*_arguments: object, **_options: object) -> Module:
        """Refuse: v1 documents no YAML form of a module.

        Returns:
            Nothing.

        Raises:
            NotOffered: Always; it names what to do instead.

        """
        raise NotOffered(
            "Module.load_yaml is not offered: v1 documents no YAML form of a module",
            remedy="make the module with Module.create and module.publish_python_script; "
            "Pipeline.load_yaml reads pipelines that use it (type: ModuleStep)",
        )

    @property
    def id(self) -> str:
        """The module's id."""
        return self.record.id

    @property
    def name(self) -> str:
        """The module's name."""
        return self.record.name

    @property
    def description(self) -> str:
        """The description that it was created with."""
        return self.record.description

    @property
    def default_version(self) -> str:
        """The version of steps that name none."""
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
        """Store a script with its folder and ports as a version of the module.

        Args:
            script_name: The script, as a path relative to `source_directory`.
            description: Text for people. None: empty.
            inputs: The input ports. None: none.
            outputs: The output ports. None: none.
            params: Defaults of parameters by name. None: none.
            version: The version's name. None: the next number.
            is_default: True: make it the default version. Default: False.
            source_directory: The folder to store. None: the current folder.
            arguments: Items of the command line; ports stand for their paths. None: none.
            runconfig: A RunConfiguration with environment and variables. None: the step's.
            create_sequencing_ports, hash_paths, category: Accepted as in v1 and ignored.

        Returns:
            The version.

        Raises:
            ValueError: The script is missing, or a port, parameter or argument is invalid.
            UserErrorException: The version exists, or would be stored with a secret in clear text.

        """
        from .module_publishing import Published, published

        store = self.workspace.session.store
        what = Published(script_name, source_directory or ".", tuple(inputs or ()), tuple(outputs or ()))
        record = published(store, what, params or {}, list(arguments or ()), runconfig)
        made = registry.add(store, self.record, _named(record, version, description))
        if is_default:
            registry.set_default(store, self.record, made.version)
        return ModuleVersion(self, made)

    def resolve(self, version: str | None = None) -> ModuleVersion | None:
        """Return a version, or None if the module has none.

        Args:
            version: The version's name. None, or an unknown one: the default version, as in v1.

        """
        known = {record.version: record for record in registry.versions(self.workspace.session.store, self.record)}
        record = known.get(str(version)) or known.get(self.get_default_version())
        return ModuleVersion(self, record) if record else None

    def get_default(self) -> ModuleVersion | None:
        """Return the default version, or None if the module has no version."""
        return self.resolve()

    def get_default_version(self) -> str:
        """Return the default version's name."""
        return registry.default_version(self.workspace.session.store, self.record)

    def set_default_version(self, version_id: str) -> None:
        """Make a version the default one.

        Args:
            version_id: Its id or its name.

        Raises:
            UserErrorException: The module has no such version.

        """
        for known in self.module_version_list():
            if version_id in (known.version, known.module_version_id):
                registry.set_default(self.workspace.session.store, self.record, known.version)
                return
        raise UserErrorException(f"module '{self.name}' has no version {version_id!r}")

    def module_version_list(self) -> list[ModuleVersionDescriptor]:
        """Return names and ids of all versions, oldest first."""
        found = registry.versions(self.workspace.session.store, self.record)
        return [
            ModuleVersionDescriptor(record.version, registry.version_id(self.record, record.version))
            for record in found
        ]

    def versions(self) -> dict[str, ModuleVersion]:
        """Return all versions by name."""
        found = registry.versions(self.workspace.session.store, self.record)
        return {record.version: ModuleVersion(self, record) for record in found}

    @staticmethod
    def get_versions(workspace: Workspace, name: str, _workflow_provider: object = None) -> dict[str, ModuleVersion]:
        """Return all versions of a module by name.

        Args:
            workspace: The workspace.
            name: The module's name.

        Raises:
            UserErrorException: There is no such module.

        """
        return Module.get(workspace, name=name).versions()

    @override
    def __repr__(self) -> str:
        return f"Module({self.name!r})"


class ModuleVersion:
    """A version of a module: a stored script, its ports, parameters and arguments.

    Args:
        module: The module.
        record: The version's record in the workspace store.

    """

    def __init__(self, module: Module, record: registry.VersionRecord) -> None:
        self.module = module
        self.record = record
        self.status = "Active"

    @staticmethod
    def get(workspace: Workspace, module_version_id: str, _workflow_provider: object = None) -> ModuleVersion:
        """Return a version by its id.

        Args:
            workspace: The workspace.
            module_version_id: The id.

        Raises:
            UserErrorException: There is no such version.

        """
        found = registry.by_version_id(workspace.session.store, module_version_id)
        if found is None:
            raise UserErrorException(f"there is no module version {module_version_id!r} in this workspace")
        return ModuleVersion(Module(workspace, found[0]), found[1])

    @property
    def id(self) -> str:
        """The version's id."""
        return registry.version_id(self.module.record, self.version)

    @property
    def version(self) -> str:
        """The version's name."""
        return self.record.version

    @property
    def module_id(self) -> str:
        """The module's id."""
        return self.module.id

    @property
    def description(self) -> str:
        """The description that it was published with."""
        return self.record.description

    @property
    def params(self) -> dict[str, Scalar]:
        """The parameters and their defaults."""
        return dict(self.record.params)

    @override
    def __repr__(self) -> str:
        return f"ModuleVersion({self.module.name!r}, {self.version!r})"


def _named(record: registry.VersionRecord, version: str | None, description: str | None) -> registry.VersionRecord:
    from dataclasses import replace

    return replace(record, version="" if version is None else str(version), description=description or "")
