"""Build a script's arguments and environment (pure).

The rules are v1's: a reference in the arguments becomes a local path, and every reference is also a variable
``AZUREML_DATAREFERENCE_<name>``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..model.context import OUTPUT_DATASETS, StagedInput
from ..model.data import Mode
from ..model.step import InputPath, Interpreter, OutputPath, ParameterValue, SampledArguments
from ..model.task import Task

VARIABLES_LIMIT = 64 << 10
"""Bytes. Above it no variable per input is set: Linux limits argv and environment together to 2 MiB and a single string
to 128 KiB (execve(2)), and the user's own part must fit as well.
"""


def argv(task: Task, interpreter: str, inputs: Mapping[str, StagedInput], outputs: Mapping[str, str]) -> list[str]:
    """Return the command with every placeholder replaced."""
    out: list[str] = []
    for argument in task.command:
        if isinstance(argument, Interpreter):
            out.append(interpreter)
        elif isinstance(argument, InputPath):
            out.append(shown_path(inputs[argument.name]))
        elif isinstance(argument, OutputPath):
            out.append(outputs[argument.name])
        elif isinstance(argument, ParameterValue):
            raise ValueError(f"parameter {argument.name} is not bound")  # noqa: TRY004 - of its value, not of its type
        elif isinstance(argument, SampledArguments):
            raise ValueError("the sampled arguments of a trial are not bound")  # noqa: TRY004 - of its value
        else:
            out.append(argument)
    return out


def variables(task: Task, inputs: Mapping[str, StagedInput], outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the step's process gets in addition to the machine's environment."""
    paths = {**{name: shown_path(staged) for name, staged in inputs.items()}, **outputs}
    references = {f"AZUREML_DATAREFERENCE_{name}": path for name, path in paths.items()}
    references.update(_dataset_variables(inputs))
    datasets = task.variables.get(OUTPUT_DATASETS, "").split(";")
    references.update({name: outputs[name] for name in datasets if name in outputs})
    if too_many(references):
        references = {}
    return {**task.variables, **references}


def search_path(interpreter: str, path: str | None) -> str:
    """Return ``PATH`` with the interpreter's folder first: ``python`` and ``pip`` are the environment's (v1)."""
    return os.pathsep.join(filter(None, (interpreter.rpartition("/")[0], path)))


def python_path(code: str, tree: str, path: str | None) -> str:
    """Return the ``PYTHONPATH`` of a step's process.

    Python puts the folder of the script first by itself. The snapshot's root follows, as in v1 (a script in a
    subfolder imports packages of the root), then our own code, then what was set before.

    Args:
        code: The private copy of the snapshot.
        tree: The folder with the code that steps carry.
        path: ``PYTHONPATH`` of the image, the machine or the environment; None: it is not set.

    """
    return os.pathsep.join(filter(None, (code, tree, path)))


def too_many(references: Mapping[str, str]) -> bool:
    """Return True if the variables per input are over the limit and are therefore left out."""
    return sum(len(name) + len(value) + 2 for name, value in references.items()) >= VARIABLES_LIMIT


def left_out(inputs: Mapping[str, StagedInput], outputs: Mapping[str, str], task: Task) -> bool:
    """Return True if `variables` leaves the references out."""
    return bool(inputs) and not any(
        name.startswith("AZUREML_DATAREFERENCE_") for name in variables(task, inputs, outputs)
    )


def shown_path(staged: StagedInput) -> str:
    """Return the text of an input in the arguments: its path, or the id of a directly consumed dataset."""
    if staged.mode is Mode.DIRECT and staged.dataset is not None:
        return staged.dataset.id or (staged.dataset.identity if staged.dataset.paths else staged.path)
    return staged.path


def ignored_paths(task: Task) -> tuple[str, ...]:
    """Return a line about the absolute paths of a step's data, which this machine does not make."""
    places = {one.name: one.path_on_compute for one in task.inputs}
    places.update({one.name: one.path_on_compute for one in task.outputs})
    names = [f"'{name}'" for name, place in places.items() if place.startswith("/")]
    if not names:
        return ()
    return (f"path_on_compute of {', '.join(names)} is for clusters; here the arguments have other paths",)


def _dataset_variables(inputs: Mapping[str, StagedInput]) -> dict[str, str]:
    datasets = {name: staged for name, staged in inputs.items() if staged.dataset is not None}
    if not datasets:
        return {}
    listed = ",".join(f"{name}:{staged.mode.value}" for name, staged in datasets.items())
    return {
        **{name: shown_path(staged) for name, staged in datasets.items()},
        "AZUREML_DATASET_ENVIRONMENT_VARS": listed,
    }
