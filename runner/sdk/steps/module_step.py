"""ModuleStep: a published module as a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...model.data import Mode
from ...model.step import Interpreter
from ...override import override
from ..base.pipeline_parameter import PipelineParameter
from ..base.placeholders import Consumed, Output, Placeholder
from ..datastores.data_paths import DataPathComputeBinding, pair_of, referenced
from ..outputs.pipeline_data import PipelineData
from .base import PipelineStep, Settings
from .module import Module, ModuleVersion
from .module_registry import Port
from .port_definitions import InputPortDef, OutputPortDef
from .settings import settings_of

_MODES = {"download": Mode.DOWNLOAD, "mount": Mode.MOUNT}


class ModuleStep(PipelineStep):
    """A step that runs a version of a published module.

    Example:
        >>> module = Module.get(ws, name="clean")
        >>> step = ModuleStep(module, inputs_map={"raw": raw}, outputs_map={"clean": clean}, compute_target="cpu")

    Args:
        module: The module. None: `module_version` is given instead.
        version: A version of `module`. None, or a version that is unknown: the default one, as in v1.
        module_version: The version to run, instead of `module` and `version`.
        inputs_map: Data by the name of the input port: PipelineData, DataReference, a named dataset, or a tuple of a
            PipelineParameter and a DataPathComputeBinding. Ports that are not optional must be in it. None: none.
        outputs_map: PipelineData by the name of the output port. None: none.
        compute_target: A ComputeTarget or its name. None: the target of `runconfig`, else the configured default.
        runconfig: A RunConfiguration. None: the one that the module was published with.
        runconfig_pipeline_params: Counts of nodes and processes as PipelineParameter; see PythonScriptStep. None: none.
        arguments: Items of the command line, in place of the published ones. None: the published ones.
        params: Values by name, which override the published ones of that name. None: none.
        name: The step's name. None: the module's name.

    Raises:
        ValueError: There is no module or version; a port is unknown, or a needed one is missing.
        RunConfigurationException: `runconfig` is of another type.

    """

    def __init__(
        self,
        module: Module | None = None,
        version: str | None = None,
        module_version: ModuleVersion | None = None,
        inputs_map: Mapping[str, object] | None = None,
        outputs_map: Mapping[str, object] | None = None,
        compute_target: object = None,
        runconfig: object = None,
        runconfig_pipeline_params: Mapping[str, object] | None = None,
        arguments: Sequence[object] | None = None,
        params: Mapping[str, object] | None = None,
        name: str | None = None,
        _workflow_provider: object = None,
    ) -> None:
        used = _resolved(module, version, module_version)
        record = used.record
        self.module_version = used
        self.script_name = record.script
        self.version = used.version
        sources, results = dict(inputs_map or {}), dict(outputs_map or {})
        _check_names("inputs_map", sources, record.inputs, used)
        _check_names("outputs_map", results, record.outputs, used)
        published = settings_of(
            runconfig, compute_target, source_directory=None, pipeline_params=runconfig_pipeline_params
        )
        super().__init__(
            name or used.module.name,
            [PortInput(port, sources[port.name]) for port in record.inputs if port.name in sources],
            [_produced(port, results[port.name]) for port in record.outputs if port.name in results],
            arguments=_arguments(record.arguments if arguments is None else arguments, sources, results, record.inputs),
            params={**record.params, **(params or {})},
            settings=_stored(published, used),
        )

    @override
    def command(self) -> list[object]:
        """Return the interpreter, the module's script and its arguments."""
        return [Interpreter(), self.script_name, *self.arguments]


class PortInput(Placeholder):
    """Data that a module reads through a port: an input with the name of the port.

    Args:
        port: The port.
        item: The data.

    """

    def __init__(self, port: Port, item: object) -> None:
        self.port = port
        self.item = item

    @override
    def consumed(self) -> Consumed:
        """Return the data under the port's name.

        Raises:
            ValueError: A step cannot read it.

        """
        if isinstance(self.item, PipelineData):  # it has no mode of its own: the port's counts
            mode = _MODES.get(self.port.mode, Mode.AUTO)
            return Consumed(
                name=self.port.name, origin=self.item.origin, mode=mode, path_on_compute=self.port.path_on_compute
            )
        if isinstance(self.item, Placeholder):
            return replace(self.item.consumed(), name=self.port.name)
        parameter, binding = pair_of(self.item) or (None, None)
        if isinstance(parameter, PipelineParameter) and isinstance(binding, DataPathComputeBinding):
            return referenced(parameter, self.port.name, binding)
        raise ValueError(
            f"inputs_map[{self.port.name!r}] cannot be a {type(self.item).__name__}: "
            "pass PipelineData, a DataReference or a named dataset (as_named_input)"
        )


def _resolved(module: Module | None, version: str | None, given: ModuleVersion | None) -> ModuleVersion:
    if given is not None:
        return given
    if module is None:
        raise ValueError("ModuleStep: module or module_version is required")
    found = module.resolve(version)
    if found is None:
        raise ValueError(f"ModuleStep: module '{module.name}' has no version; publish one first")
    return found


def _check_names(what: str, given: Mapping[str, object], ports: Iterable[Port], version: ModuleVersion) -> None:
    names = [port.name for port in ports]
    unknown = [name for name in given if name not in names]
    if unknown:
        listed = ", ".join(names) or "none"
        raise ValueError(f"ModuleStep: {what}: {version!r} has no port {unknown[0]!r} (its ports: {listed})")
    missing = [port.name for port in ports if port.name not in given and not port.optional]
    if missing:
        raise ValueError(f"ModuleStep: {what}: {version!r} needs its port {missing[0]!r}")


def _produced(port: Port, item: object) -> object:
    """Return the output with the port's name, and the port's defaults where PipelineData sets nothing."""
    output = item.produced() if isinstance(item, Placeholder) else None
    if not isinstance(output, Output):
        raise ValueError(  # noqa: TRY004 - what v1 raises
            f"ModuleStep: outputs_map[{port.name!r}] cannot be a {type(item).__name__}: pass PipelineData"
        )
    output.name = port.name
    output.datastore = output.datastore or port.datastore
    output.path_on_compute = output.path_on_compute or port.path_on_compute
    output.folder = output.folder or port.folder
    if port.mode == "upload":
        output.mode = Mode.UPLOAD
    return item


def _arguments(
    given: Sequence[object], sources: Mapping[str, object], results: Mapping[str, object], inputs: Iterable[Port]
) -> list[object]:
    """Return the arguments with ports, and data of the maps, replaced by the text that stands for the port's path."""
    absent = {f"$AZUREML_DATAREFERENCE_{port.name}" for port in inputs if port.name not in sources}

    def shown(item: object) -> object:
        if isinstance(item, (InputPortDef, OutputPortDef)):
            return "" if str(item) in absent else str(item)
        for name, data in (*sources.items(), *results.items()):
            if item is data:
                return f"$AZUREML_DATAREFERENCE_{name}"
        return "" if item in absent else item

    return [shown(item) for item in given]


def _stored(settings: Settings, used: ModuleVersion) -> Settings:
    return replace(
        settings,
        script=used.record.script,
        snapshot=used.record.snapshot,
        stored_environment=used.record.environment,
        variables={**used.record.variables, **settings.variables},
    )
