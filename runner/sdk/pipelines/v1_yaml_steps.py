"""The steps of a pipeline in v1's YAML form."""

from __future__ import annotations

from collections.abc import Mapping

from ...dataclass import dataclass
from ...model.nodes import Items, Leaf, Node, Table, plain
from ...model.reading import unknown
from ..base.refused import refused
from ..datasets.abstract_dataset import AbstractDataset
from ..datastores.data_paths import DataPath, DataPathComputeBinding, DataReference
from ..models.model import Model
from ..outputs.pipeline_data import PipelineData
from ..outputs.pipeline_output_dataset import PipelineOutputFileDataset
from ..runconfig.run_configuration import RunConfiguration
from ..steps.base import PipelineStep
from ..steps.data_transfer import DataTransferStep
from ..steps.module import Module
from ..steps.module_step import ModuleStep
from ..steps.parallel_run_config import ParallelRunConfig
from ..steps.parallel_run_step import ParallelRunStep
from ..steps.python_script import PythonScriptStep
from .v1_yaml import PlaceReference, Reading

_COMMON = (
    "type", "compute", "runconfig", "runconfig_parameters", "parameters", "inputs", "outputs", "arguments",
)  # fmt: skip
_OWN = {
    "PythonScriptStep": (
        "name", "script_name", "source_directory", "allow_reuse", "version", "hash_paths", "priority",
        "runtime_version", "degree_of_parallelism",
    ),
    "ModuleStep": ("id", "name", "version"),
    "DataTransferStep": (
        "name", "allow_reuse", "version", "source_reference_type", "destination_reference_type",
        "source_data_reference", "destination_data_reference",
    ),
    "ParallelRunStep": ("name", "allow_reuse"),
}  # fmt: skip
"""The keys of each type of step, besides the common ones."""
_BESIDE = {"ParallelRunStep": ("parallel_run_config", "side_inputs", "models_id")}
"""The keys of a type that v1's earlier form has beside the step's own fields."""
_OLDER = {
    "python_script_step": "PythonScriptStep",
    "module": "ModuleStep",
    "data_transfer_step": "DataTransferStep",
    "adla_step": "AdlaStep",
    "azurebatch_step": "AzureBatchStep",
    "databricks_step": "DatabricksStep",
    "parallel_run_step": "ParallelRunStep",
}
"""v1's earlier form: a key with the step's own fields below it, in place of ``type``."""
_REFUSED = ("AdlaStep", "AzureBatchStep", "DatabricksStep")
_INPUT = ("source", "type", "bind_mode", "path_on_compute", "overwrite")
_OUTPUT = ("destination", "datastore", "as_dataset", "type", "bind_mode", "path_on_compute", "overwrite")


@dataclass(frozen=True, kw_only=True)
class _Common:
    """The parts that every type of step has."""

    name: str
    compute: str | None
    runconfig: RunConfiguration | None
    node_parameters: Mapping[str, object]
    params: Mapping[str, object]
    inputs: Mapping[str, object]
    side_inputs: Mapping[str, object]
    outputs: Mapping[str, object]
    arguments: list[object]


class Steps:
    """Reads steps. An output may be named before the step that makes it.

    Args:
        reading: The parameters and data references of the pipeline.
        default_compute: The compute target of steps that name none. Empty: the configured default.

    """

    def __init__(self, reading: Reading, default_compute: str) -> None:
        self.reading = reading
        self.findings = reading.findings
        self.default_compute = default_compute
        self.made: dict[str, PipelineData | PipelineOutputFileDataset] = {}
        """The outputs of all steps by `destination`."""
        self.own: dict[tuple[str, str], object] = {}
        """The same by the step's and the output's names."""

    def read(self, section: Table) -> list[PipelineStep]:
        """Return the steps that have no problem.

        Args:
            section: The mapping below ``pipeline:``.

        """
        entries = self.reading.entries(section, "steps")
        for name, node in entries:
            if isinstance(node, Table):
                self._outputs(name, node)
        steps = [self._step(name, node) for name, node in entries]
        return [step for step in steps if step is not None]

    def _step(self, name: str, node: Node) -> PipelineStep | None:
        whole = node if isinstance(node, Table) else self.reading.fields(node, (), "a step")
        older = next((key for key in _OLDER if key in whole), "")
        kind = _OLDER[older] if older else self.reading.text(whole, "type")
        if kind in _REFUSED:
            what, reason, remedy = refused(kind).refusal
            self.findings.wrong(whole.place, f"{what} is not offered: {reason}", remedy)
            return None
        if kind not in _OWN:
            wrong, remedy = unknown("type of step", kind, (*_OWN, *_REFUSED))
            self.findings.wrong(whole.place, wrong if kind else "the step states no type", remedy)
            return None
        if older:
            self.reading.fields(whole, (older, *_COMMON[1:], *_BESIDE.get(kind, ())), "a step")
            fields = self.reading.fields(whole[older], _OWN[kind], f"a {kind}")
        else:
            fields = self.reading.fields(whole, (*_COMMON, *_OWN[kind], *_BESIDE.get(kind, ())), f"a {kind}")
        common = self._common(name, whole)
        make = {
            "PythonScriptStep": self._script,
            "ModuleStep": self._module,
            "DataTransferStep": self._transfer,
            "ParallelRunStep": self._parallel,
        }[kind]
        step = self.reading.tried(whole.place, lambda: make(fields, whole, common))
        if step is not None:
            step.where = str(whole.place)
            step.bindings.problems = [one._replace(where=step.where) for one in step.bindings.problems]
        return step

    def _common(self, name: str, whole: Table) -> _Common:
        reading = self.reading
        path = reading.text(whole, "runconfig")
        inputs, side_inputs = self._inputs(whole, "inputs"), self._inputs(whole, "side_inputs")
        outputs = {key: value for (step, key), value in self.own.items() if step == name}
        return _Common(
            name=name,
            compute=reading.text(whole, "compute") or self.default_compute or None,
            runconfig=reading.tried(whole["runconfig"].place, lambda: RunConfiguration.load(path)) if path else None,
            node_parameters=self._assigned(whole, "runconfig_parameters"),
            params=self._assigned(whole, "parameters"),
            inputs=inputs,
            side_inputs=side_inputs,
            outputs=outputs,
            arguments=[
                _argument(text, {"input": inputs, "side_input": side_inputs, "output": outputs})
                for text in reading.texts(whole, "arguments")
            ],
        )

    def _script(self, fields: Table, whole: Table, common: _Common) -> PipelineStep | None:
        reading = self.reading
        script = reading.text(fields, "script_name")
        if not script:
            self.findings.wrong(fields.place, "the step has no script_name", "add it")
            return None
        return PythonScriptStep(
            script,
            name=reading.text(fields, "name") or None,
            arguments=common.arguments,
            compute_target=common.compute,
            runconfig=common.runconfig,
            runconfig_pipeline_params=common.node_parameters,
            inputs=list(common.inputs.values()),
            outputs=list(common.outputs.values()),
            params=common.params,
            source_directory=reading.text(fields, "source_directory") or None,
            allow_reuse=reading.flag(fields, "allow_reuse", default=True),
            version=reading.text(fields, "version") or None,
            hash_paths=reading.texts(fields, "hash_paths") or None,
        )

    def _module(self, fields: Table, whole: Table, common: _Common) -> PipelineStep:
        reading = self.reading
        identity, name = reading.text(fields, "id"), reading.text(fields, "name")
        module = Module.get(reading.workspace, module_id=identity or None, name=name or None)
        return ModuleStep(
            module=module,
            version=reading.text(fields, "version") or None,
            inputs_map=common.inputs,
            outputs_map=common.outputs,
            compute_target=common.compute,
            runconfig=common.runconfig,
            runconfig_pipeline_params=common.node_parameters,
            arguments=common.arguments or None,
            params=common.params,
            name=common.name,
        )

    def _transfer(self, fields: Table, whole: Table, common: _Common) -> PipelineStep:
        reading = self.reading
        ends = {
            key: next(iter(self._inputs(whole if key in whole else fields, key).values()), None)
            for key in ("source_data_reference", "destination_data_reference")
        }
        return DataTransferStep(
            reading.text(fields, "name") or common.name,
            compute_target=common.compute,
            source_reference_type=reading.text(fields, "source_reference_type") or None,
            destination_reference_type=reading.text(fields, "destination_reference_type") or None,
            allow_reuse=reading.flag(fields, "allow_reuse", default=True),
            **ends,
        )

    def _parallel(self, fields: Table, whole: Table, common: _Common) -> PipelineStep | None:
        reading, outputs = self.reading, list(common.outputs.values())
        path = reading.text(whole, "parallel_run_config")
        if not path or len(outputs) > 1:
            found = "the step has several outputs, and v1 takes one" if path else "the step has no parallel_run_config"
            remedy = "keep one" if path else "name the file that ParallelRunConfig.save_to_yaml writes"
            self.findings.wrong(fields.place, found, remedy)
            return None
        for model in reading.texts(whole, "models_id"):  # v1 looks for them, too, and does no more with them
            Model(reading.workspace, id=model)
        return ParallelRunStep(
            reading.text(fields, "name") or common.name,
            ParallelRunConfig.load_yaml(reading.workspace, path),
            list(common.inputs.values()),
            output=outputs[0] if outputs else None,
            side_inputs=list(common.side_inputs.values()),
            arguments=common.arguments,
            allow_reuse=reading.flag(fields, "allow_reuse", default=True),
        )

    def _assigned(self, whole: Table, key: str) -> dict[str, object]:
        """Return values by name, each a PipelineParameter or as it is written."""
        found: dict[str, object] = {}
        for name, node in self.reading.entries(whole, key):
            if isinstance(node, Leaf):
                found[name] = plain(node)
            elif isinstance(node, Items):
                self.findings.wrong(node.place, "expected a value or a mapping with 'source', found a list")
            else:
                source = self.reading.text(self.reading.fields(node, ("source",), "a parameter"), "source")
                parameter = self.reading.parameters.get(source)
                if parameter is not None:
                    found[name] = parameter
                elif source not in self.reading.broken:
                    wrong, remedy = unknown("parameter of the pipeline", source, self.reading.parameters)
                    self.findings.wrong(node.place, wrong, remedy)
        return found

    def _inputs(self, whole: Table, key: str) -> dict[str, object]:
        found = {name: self._input(name, node) for name, node in self.reading.entries(whole, key)}
        return {name: value for name, value in found.items() if value is not None}

    def _input(self, name: str, node: Node) -> object:
        reading = self.reading
        fields = reading.fields(node, _INPUT, "an input with 'source'")
        source, mode = reading.text(fields, "source"), self._mode(fields, ("mount", "download"))
        path, overwrite = reading.text(fields, "path_on_compute") or None, reading.flag(fields, "overwrite", None)
        if source in reading.broken:
            return None
        parameter = reading.parameters.get(source)
        if parameter is not None and isinstance(parameter.default_value, DataPath):
            return parameter, DataPathComputeBinding(mode or "mount", path, bool(overwrite))
        reference = reading.references.get(source)
        if isinstance(reference, PlaceReference):
            return DataReference(reference.datastore, name, reference.path, mode or "mount", path, bool(overwrite))
        if isinstance(reference, AbstractDataset):
            named = reference.as_named_input(name)
            if reference.definition.kind == "tabular" and not mode:
                return named
            return named.as_download(path) if mode == "download" else named.as_mount(path)
        data = self.made.get(source)
        if isinstance(data, PipelineOutputFileDataset):
            view = data.as_named_input(name)
            return view.as_download(path) if mode == "download" else view.as_mount(path)
        if data is not None:
            return data.create_input_binding(name, mode or None, path, overwrite)
        data_parameters = (key for key, one in reading.parameters.items() if isinstance(one.default_value, DataPath))
        known = (*data_parameters, *reading.references, *self.made)
        wrong, remedy = unknown("source of an input", source, known)
        self.findings.wrong(fields.place, wrong if source else "the input has no source", remedy)
        return None

    def _outputs(self, step: str, whole: Table) -> None:
        """Make the outputs of a step, before any step is read."""
        reading = self.reading
        for name, node in reading.entries(whole, "outputs"):
            fields = reading.fields(node, _OUTPUT, "an output with 'destination'")
            destination = reading.text(fields, "destination")
            if not destination:
                self.findings.wrong(fields.place, "the output has no destination", "name it: destination: NAME")
                continue
            if destination in self.made:
                self.findings.wrong(fields.place, f"two outputs have the destination {destination!r}", "rename one")
                continue
            data = PipelineData(
                destination,
                datastore=reading.datastore(fields) if "datastore" in fields else None,
                output_name=name,
                output_mode=self._mode(fields, ("mount", "upload")) or "mount",
                output_path_on_compute=reading.text(fields, "path_on_compute") or None,
                output_overwrite=reading.flag(fields, "overwrite", None),
            )
            made = data.as_dataset() if reading.flag(fields, "as_dataset", default=False) else data
            self.made[destination] = self.own[step, name] = made

    def _mode(self, fields: Table, known: tuple[str, str]) -> str:
        """Return the way in which data are bound; empty: none is stated. ``type`` is v1's earlier key."""
        key = "bind_mode" if "bind_mode" in fields else "type"
        mode = self.reading.text(fields, key)
        if not mode or mode in known:
            return mode
        self.findings.wrong(fields[key].place, f"{key} {mode!r} is not one of {', '.join(known)}")
        return ""


def _argument(text: str, known: Mapping[str, Mapping[str, object]]) -> object:
    """Return the data that ``input:NAME``, ``side_input:NAME`` or ``output:NAME`` stands for, other text as it is."""
    kind, _, name = text.partition(":")
    return known.get(kind, {}).get(name, text)
