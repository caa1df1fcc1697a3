"""Run configurations as files: v1's ``.azureml/<name>.runconfig``, the fields that have a meaning here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..base.exceptions import NotOffered, UserErrorException
from ..base.json_access import items, mapping, number, text
from ..base.plain_values import texts
from ..environments.conda_dependencies import read_yaml, to_yaml
from ..environments.files import document_of, environment_of
from .run_configuration import DockerConfiguration, RunConfiguration

_FOLDERS = (".azureml", "aml_config")
_ELSEWHERE = ("dataReferences", "data", "outputData")


def save(config: RunConfiguration, path: str | None, name: str | None) -> Path:
    """Write a run configuration.

    Args:
        config: The configuration.
        path: The file, or the folder above ``.azureml``. None: the current folder.
        name: The file's name without its suffix. None: ``config``.

    Returns:
        The file's path.

    """
    target = Path(path or ".")
    if target.suffix not in {".runconfig", ".yml", ".yaml"}:
        target = target / ".azureml" / f"{name or 'config'}.runconfig"
    target.parent.mkdir(parents=True, exist_ok=True)
    docker = config.docker
    document = {
        "script": config.script,
        "command": config.command,
        "arguments": [str(argument) for argument in config.arguments],
        "target": config.target,
        "framework": config.framework,
        "communicator": config.communicator,
        "nodeCount": config.node_count,
        "mpi": {"processCountPerNode": config.mpi.process_count_per_node},
        "pytorch": {
            "communicationBackend": config.pytorch.communication_backend,
            "processCount": config.pytorch.process_count,
        },
        "tensorflow": {
            "workerCount": config.tensorflow.worker_count,
            "parameterServerCount": config.tensorflow.parameter_server_count,
        },
        "maxRunDurationSeconds": config.max_run_duration_seconds,
        "environmentVariables": texts(config.environment_variables),
        "environment": document_of(config.environment),
        "docker": {
            "useDocker": docker.use_docker,
            "sharedVolumes": docker.shared_volumes,
            "arguments": list(docker.arguments),
            "shmSize": docker.shm_size,
        },
    }
    target.write_text(to_yaml(document), encoding="utf-8")
    return target


def load(path: str, name: str | None) -> RunConfiguration:
    """Return the run configuration of a file.

    Args:
        path: The file, or a folder that holds it.
        name: The file's name without its suffix, in a folder. None: the only one there.

    Raises:
        UserErrorException: There is no such file, or several.
        NotOffered: It names data.

    """
    file = _file(Path(path), name)
    document = read_yaml(file, "run configuration")
    given = [key for key in _ELSEWHERE if document.get(key)]
    if given:
        raise NotOffered(
            f"the run configuration has {', '.join(given)}: data of a file are not offered",
            where=str(file),
            remedy="pass the data to the step: arguments=[dataset.as_named_input('name').as_mount()]",
        )
    made = RunConfiguration(
        script=text(document.get("script")) or None,
        arguments=items(document.get("arguments")),
        framework=text(document.get("framework")) or None,
        communicator=text(document.get("communicator")) or None,
    )
    command = document.get("command")
    made.command = command if isinstance(command, str) else items(command)
    made.target = text(document.get("target")) or "local"
    made.node_count = number(document.get("nodeCount")) or 1
    _read_distributed(made, document)
    made.max_run_duration_seconds = number(document.get("maxRunDurationSeconds"))
    made.environment_variables = {
        key: text(value) for key, value in mapping(document.get("environmentVariables")).items()
    }
    made.environment = environment_of(mapping(document.get("environment")))
    made.docker = _docker(mapping(document.get("docker")))
    return made


def delete(path: str, name: str) -> None:
    """Delete the file of a run configuration.

    Args:
        path: The folder that holds it.
        name: The file's name without its suffix.

    Raises:
        UserErrorException: There is no such file.

    """
    _file(Path(path), name).unlink()


def _file(path: Path, name: str | None) -> Path:
    if path.is_file():
        return path
    names = [f"{name}.runconfig", name] if name else ["*.runconfig"]
    places = [folder for folder in (*(path / below for below in _FOLDERS), path) if folder.is_dir()]
    found = [file for folder in places for one in names for file in sorted(folder.glob(one)) if file.is_file()]
    if len(found) == 1 or (found and name):
        return found[0]
    several = ", ".join(str(file) for file in found)
    raise UserErrorException(
        f"there are several run configurations: {several}" if found else "there is no such run configuration",
        where=str(path / (name or "*.runconfig")),
        remedy="give the file, or its folder and its name",
    )


def _read_distributed(made: RunConfiguration, document: Mapping[str, object]) -> None:
    mpi, pytorch, tensorflow = (mapping(document.get(name)) for name in ("mpi", "pytorch", "tensorflow"))
    made.mpi.process_count_per_node = number(mpi.get("processCountPerNode")) or 1
    made.pytorch.communication_backend = text(pytorch.get("communicationBackend")) or "Nccl"
    made.pytorch.process_count = number(pytorch.get("processCount"))
    made.tensorflow.worker_count = number(tensorflow.get("workerCount")) or 1
    servers = number(tensorflow.get("parameterServerCount"))
    made.tensorflow.parameter_server_count = 1 if servers is None else servers


def _docker(document: Mapping[str, object]) -> DockerConfiguration:
    made = DockerConfiguration(use_docker=bool(document.get("useDocker", False)))
    made.arguments = [text(item) for item in items(document.get("arguments"))]
    made.shm_size = text(document.get("shmSize")) or made.shm_size
    return made
