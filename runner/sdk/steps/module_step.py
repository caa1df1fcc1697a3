"""ModuleStep: a published module as a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...model.data import Mode
from ...model.step import Interpreter
from ...override import override
from ..data import DataPathComputeBinding, referenced
from ..flow import Consumed, Output, Placeholder
from ..module import Module, ModuleVersion
from ..module_registry import Port
from ..parameter import PipelineParameter
from ..pipeline_data import PipelineData
from ..port_defs import InputPortDef, OutputPortDef
from .base import PipelineStep, Settings
from .settings import settings_of


class ModuleStep(PipelineStep):
    """Run a version of a module on data: `inputs_map` and `outputs_map` go from port names to data.

    `arguments` and `params` add to what was published: arguments replace, params override by name.
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
        """The interpreter, the module's script, its arguments."""
        return [Interpreter(), self.script_name, *self.arguments]


class PortInput(Placeholder):
    """Data read through a port: an input named as the port."""

    def __init__(self, port: Port, item: object) -> None:
        self.port = port
        self.item = item

    @override
    def consumed(self) -> Consumed:
        """The data under the port's name. Raises ValueError for what cannot be read."""
        match self.item:
            case PipelineData():  # says nothing of how it is read: the port's words count
                mode = Mode.DOWNLOAD if self.port.mode == "download" else Mode.MOUNT
                return Consumed(self.port.name, self.item.origin, mode, self.port.path_on_compute)
            case Placeholder():
                return replace(self.item.consumed(), name=self.port.name)
            case (PipelineParameter() as parameter, DataPathComputeBinding() as binding):
                return referenced(parameter, self.port.name, binding)
            case _:
                pass
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
    """The output gets the port's name, and its defaults where the PipelineData says nothing."""
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
    """Ports, and data that the maps name, as the text that stands for the port's path."""
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
