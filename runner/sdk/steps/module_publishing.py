"""Conversion of the arguments of `publish_python_script` to the record that the workspace keeps."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...data import packing, snapshot
from ...dataclass import dataclass
from ...errors import BadInput
from ...model.environment import NamedEnvironment, secret_names
from ...model.plan import Scalar
from ..base.exceptions import RunConfigurationException, SnapshotException, UserErrorException
from ..base.pipeline_parameter import PipelineParameter
from .module_registry import Port, VersionRecord
from .port_definitions import InputPortDef, OutputPortDef

if TYPE_CHECKING:
    from ...ports import ObjectStore

_PORT_NAME = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Published:
    """A script, its folder and its ports."""

    script: str
    folder: str
    inputs: tuple[InputPortDef, ...]
    outputs: tuple[OutputPortDef, ...]


def published(
    store: ObjectStore, what: Published, params: Mapping[str, object], arguments: list[object], runconfig: object
) -> VersionRecord:
    """Store the snapshot of a module version.

    Args:
        store: The workspace store.
        what: The script, its folder and its ports.
        params: Defaults of parameters by name.
        arguments: Items of the command line.
        runconfig: A RunConfiguration, or None.

    Returns:
        The version's record, without a name.

    Raises:
        ValueError: The script is missing, or a port, parameter or argument is invalid.
        SnapshotException: The folder cannot be stored.
        UserErrorException: The environment holds a secret in clear text.

    """
    environment, variables = _environment(runconfig)
    _check_ports(what)
    return VersionRecord(
        version="",
        script=what.script,
        snapshot=_stored_snapshot(store, what),
        inputs=tuple(_input(port) for port in what.inputs),
        outputs=tuple(_output(port) for port in what.outputs),
        params={name: _scalar(name, value) for name, value in params.items()},
        arguments=tuple(_argument(item, what) for item in arguments),
        environment=environment,
        variables=variables,
    )


def _stored_snapshot(store: ObjectStore, what: Published) -> str:
    folder = Path(what.folder).absolute()
    if not (folder / what.script).is_file():
        raise ValueError(f"publish_python_script: there is no script {folder / what.script}")
    try:
        problem = snapshot.script_problem(folder, what.script)
        taken = snapshot.take(folder)
    except BadInput as error:
        first = error.problems[0]
        raise SnapshotException(first.what, error, where=first.where, remedy=first.remedy) from error
    if problem is not None:
        raise ValueError(f"publish_python_script: {problem.what}")
    return packing.keep(store, taken)


def _check_ports(what: Published) -> None:
    _check_kind("inputs", what.inputs, InputPortDef)
    _check_kind("outputs", what.outputs, OutputPortDef)
    names = [port.name for port in what.inputs] + [port.name for port in what.outputs]
    for name in names:
        if not _PORT_NAME.fullmatch(name):
            raise ValueError(f"publish_python_script: {name!r} cannot name a port; use letters, digits, underscore")
        if names.count(name) > 1:
            raise ValueError(f"publish_python_script: two ports are named {name!r}")


def _check_kind(which: str, ports: tuple[object, ...], shape: type) -> None:
    for port in ports:
        if not isinstance(port, shape):
            raise ValueError(  # noqa: TRY004 - what v1 raises
                f"publish_python_script: {which} holds a {type(port).__name__}, not an {shape.__name__}"
            )


def _input(port: InputPortDef) -> Port:
    return Port(
        name=port.name,
        mode=port.default_datastore_mode or "",
        path_on_compute=port.default_path_on_compute or "",
        optional=port.is_optional,
    )


def _output(port: OutputPortDef) -> Port:
    return Port(
        name=port.name,
        mode=port.default_datastore_mode or "",
        path_on_compute=port.default_path_on_compute or "",
        datastore=port.default_datastore_name or "",
        folder=port.is_directory,
    )


def _scalar(name: str, value: object) -> Scalar:
    plain = value.default_value if isinstance(value, PipelineParameter) else value
    if plain is None or isinstance(plain, (str, int, float)):
        return plain
    raise ValueError(f"publish_python_script: params[{name!r}] is a {type(plain).__name__}; give a plain value")


def _argument(item: object, what: Published) -> str:
    known: Iterable[object] = (*what.inputs, *what.outputs)
    if isinstance(item, (InputPortDef, OutputPortDef)) and item not in known:
        raise ValueError(f"publish_python_script: {item!r} is in arguments but neither in inputs nor in outputs")
    return str(_scalar("arguments", item)) if isinstance(item, PipelineParameter) else str(item)


def _environment(runconfig: object) -> tuple[NamedEnvironment | None, dict[str, str]]:
    from ..environments.specification import translate
    from ..runconfig.run_configuration import RunConfiguration
    from .gang import gang_of

    if runconfig is None:
        return None, {}
    if not isinstance(runconfig, RunConfiguration):
        raise RunConfigurationException(f"runconfig cannot be a {type(runconfig).__name__}")
    if gang_of(runconfig, {}) is not None:
        raise RunConfigurationException(
            f"publish_python_script: the communicator {runconfig.communicator!r} of runconfig is not kept",
            remedy="give the run configuration to ModuleStep",
        )
    translated = translate(runconfig.environment)
    for note in translated.notes:
        print(note, file=sys.stderr)
    variables = {name: str(value) for name, value in runconfig.environment_variables.items()}
    secret = secret_names({**translated.environment.variables, **variables})
    if secret:
        raise UserErrorException(
            f"the module would be stored with a secret in clear text: {', '.join(secret)}",
            remedy="take it out of environment_variables; give it to the step that uses the module",
        )
    return translated.environment, variables
