"""NotebookRunnerStep: a notebook, executed in the step's environment."""

from __future__ import annotations

import copy
import json
import keyword
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import Problem
from ...model.step import Interpreter
from ...override import override
from ..base.exceptions import NotOffered
from ..base.pipeline_parameter import PipelineParameter
from ..base.plain_values import plain
from ..environments.conda_dependencies import CondaDependencies, package_name
from ..environments.environment import Environment
from ..outputs.pipeline_data import PipelineData
from ..runconfig.notebook_run_config import NotebookRunConfig
from .base import PipelineStep
from .settings import settings_of

PROGRAM = "_runner_step.step.notebook"
"""The module `runner.step.notebook` under the step bundle's private name. Stored plans have it: it cannot change."""
PACKAGES = ("nbclient", "ipykernel")
"""The packages that the program needs in the environment."""
_UNREADABLE = ""
"""The language of a file that is no notebook."""


class NotebookRunnerStep(PipelineStep):
    """A step that executes a notebook in a private copy of its folder, and keeps the executed notebook.

    The notebook's parameters are those of the configuration, `params`, and the local path of each input and output
    under its name. The value of a PipelineParameter arrives as text, as in v1.

    Example:
        >>> config = NotebookRunConfig("notebooks", "train.ipynb", parameters={"rate": 0.1})
        >>> data = PipelineData("model")
        >>> step = NotebookRunnerStep("train", config, compute_target="cpu", outputs=[data])  # model = "/…/model"

    Args:
        name: The step's name. Required.
        notebook_run_config: The NotebookRunConfig. Required. The target of its run configuration is not used.
        runconfig_pipeline_params: Node counts as PipelineParameter, by v1's names; their default must be 1. None: none.
        compute_target: A ComputeTarget or its name. Required.
        params: Parameters of the notebook by name, in addition to those of `notebook_run_config`. A value may be a
            PipelineParameter. They are ``AML_PARAMETER_<name>`` in the environment, too. None: none.
        inputs: Data that the notebook reads; see PythonScriptStep. None: none.
        outputs: Data that the notebook writes; see PythonScriptStep. None: none.
        allow_reuse: True: an equal step of an earlier run takes the place of this one. Default: True.
        version: A label that counts for reuse: a step with another version runs again. None: none.
        output_notebook_pipeline_data_name: The name of one more output, a folder with the executed notebook at the
            path `output_notebook` of the configuration; ``get_pipeline_output`` finds it by this name. None: none.

    Raises:
        ValueError: The name, the configuration or the compute target is missing.
        NotOffered: The run configuration has a communicator.

    """

    def __init__(
        self,
        name: str | None = None,
        notebook_run_config: NotebookRunConfig | None = None,
        runconfig_pipeline_params: Mapping[str, object] | None = None,
        compute_target: object = None,
        params: Mapping[str, object] | None = None,
        inputs: Sequence[object] | None = None,
        outputs: Sequence[object] | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        output_notebook_pipeline_data_name: str | None = None,
    ) -> None:
        if not name or compute_target is None or not isinstance(notebook_run_config, NotebookRunConfig):
            raise ValueError("NotebookRunnerStep: name, notebook_run_config and compute_target are required")
        config = self.config = notebook_run_config
        self.version = version
        self._kept: PipelineData | None = None
        if output_notebook_pipeline_data_name:
            self._kept = PipelineData(
                output_notebook_pipeline_data_name,
                is_directory=True,
                pipeline_output_name=output_notebook_pipeline_data_name,
            )
        settings = settings_of(
            config,
            compute_target,
            source_directory=config.source_directory,
            script=config.notebook,
            reuse=allow_reuse,
            version=version,
            pipeline_params=runconfig_pipeline_params,
        )
        if settings.workers is not None:
            raise NotOffered(
                "NotebookRunnerStep: a communicator in the run configuration is not offered: a notebook is one process",
                remedy="leave the communicator out, or make the notebook's code a script for MpiStep",
            )
        super().__init__(
            name,
            inputs,
            [*(outputs or ()), self._kept] if self._kept else outputs,
            params=params,
            settings=replace(settings, environment=with_packages(config.run_config.environment)),
        )
        self.bindings.problems.extend(_problems(self))

    @override
    def command(self) -> list[object]:
        """Return the interpreter, the program and its arguments; see `runner.step.notebook`."""
        config, handler = self.config, self.config.handler
        own = {name: plain(value) for name, value in self.params.items() if not isinstance(value, PipelineParameter)}
        work = {
            "notebook": config.notebook,
            "output": config.output_notebook,
            "parameters": {**config.parameters, **own},
            "timeout": handler.timeout,
            "kernel": _kernel(config)[1],
            "cwd": handler.cwd or "",
        }
        names = (*self.bindings.inputs, *self.bindings.outputs)
        paths = {name: f"$AZUREML_DATAREFERENCE_{name}" for name in names}
        if self._kept:
            del paths[self._kept.produced().name]  # as in v1, the notebook does not learn where it is kept
        asked = {name: value for name, value in self.params.items() if isinstance(value, PipelineParameter)}
        pairs = [item for pair in {**paths, **asked}.items() for item in pair]
        return [Interpreter(), "-m", PROGRAM, json.dumps(work, default=str), self._kept or "", *pairs]


def notebook_step(config: NotebookRunConfig) -> NotebookRunnerStep:
    """Return the step that a submitted NotebookRunConfig becomes.

    Args:
        config: The configuration. Its target counts.

    """
    return NotebookRunnerStep(config.notebook, config, compute_target=config.run_config.target)


def with_packages(environment: Environment) -> Environment:
    """Return the environment with the packages that execute a notebook; the same one if its image has everything.

    Args:
        environment: The environment; it is not changed.

    """
    if environment.python.user_managed_dependencies:
        return environment
    made = copy.deepcopy(environment)
    python = made.python
    if python.conda_dependencies_file:
        python.conda_dependencies = CondaDependencies(python.conda_dependencies_file)
        python.conda_dependencies_file = None
    conda = python.conda_dependencies = python.conda_dependencies or CondaDependencies()
    given = {package_name(line) for line in (*conda.pip_packages, *conda.conda_packages)}
    for name in PACKAGES:
        if name not in given:
            conda.add_pip_package(name)
    return made


def _problems(step: NotebookRunnerStep) -> Iterator[Problem]:
    """Yield what is wrong with the notebook and its parameters."""
    config, as_problem = step.config, step.bindings.as_problem
    path = Path(config.source_directory, config.notebook)
    language, _ = _kernel(config)
    if language == _UNREADABLE:
        yield as_problem(f"{path} is no Jupyter notebook", "name an .ipynb file")
    names = [*config.parameters, *step.params, *step.bindings.inputs, *step.bindings.outputs]
    if names and language not in (_UNREADABLE, "python"):
        yield as_problem(
            f"{path} is in {language}, and only notebooks in Python take parameters",
            "read the variables AML_PARAMETER_<name> and AZUREML_DATAREFERENCE_<name> in the notebook instead",
        )
    for name in dict.fromkeys((*config.parameters, *step.params)):
        if not name.isidentifier() or keyword.iskeyword(name):
            yield as_problem(f"{name!r} cannot be a notebook's parameter", "give it a name that Python can assign to")
    for name, value in {**config.parameters, **step.params}.items():
        if isinstance(value, PipelineParameter):
            if name in config.parameters:
                yield as_problem(
                    f"parameters[{name!r}] of the NotebookRunConfig is a PipelineParameter",
                    "give it in params of the NotebookRunnerStep",
                )
        elif not _is_json(plain(value)):
            yield as_problem(
                f"the parameter {name!r} cannot be a {type(value).__name__}",
                "give text, a number, a list or a dictionary; data go to inputs and outputs",
            )


def _kernel(config: NotebookRunConfig) -> tuple[str, str]:
    """Return a notebook's language in small letters and its kernel.

    The kernel of a notebook in Python is empty: it runs in the Python of the step's environment. A file that does not
    exist counts as such a notebook, since others report it.
    """
    try:
        document = json.loads(Path(config.source_directory, config.notebook).read_text(encoding="utf-8"))
        metadata = document.get("metadata") or {}
        spec, info = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
        language = str(spec.get("language") or info.get("name") or "python").lower()
    except FileNotFoundError:
        return "python", ""
    except (OSError, ValueError, AttributeError):
        return _UNREADABLE, ""
    if not isinstance(document.get("nbformat"), int):
        return _UNREADABLE, ""
    if language in {"python", "ipython"}:
        return "python", ""
    return language, str(config.handler.kernel_name or spec.get("name") or "")


def _is_json(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
