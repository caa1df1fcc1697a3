"""NotebookRunConfig: a notebook as a step or as a run of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from ...override import override
from ..base.plain_values import plain
from .run_configuration import RunConfiguration
from .script_run_config import ScriptRunConfig


class NotebookExecutionHandler:
    """The settings of a notebook's execution.

    Args:
        timeout: Seconds that a cell may take. None: no limit.
        kernel_name: The Jupyter kernel of a notebook in another language than Python. A notebook in Python runs in the
            Python of the step's environment. None: the kernel that the notebook names.
        cwd: The kernel's working directory, as a path in `source_directory`. None: `source_directory` itself.

    """

    def __init__(self, timeout: int | None = None, kernel_name: str | None = None, cwd: str | None = None) -> None:
        self.timeout = timeout
        self.kernel_name = kernel_name
        self.cwd = cwd


class AzureMLNotebookHandler(NotebookExecutionHandler):
    """v1's handler, which names the settings of a notebook's execution.

    Args:
        history: Accepted as in v1 and ignored: what the notebook logs by ``Run.get_context()`` is always kept; records
            of the package scrapbook are not read.
        timeout: Seconds that a cell may take. None: no limit.
        **kwargs: ``kernel_name`` and ``cwd``, see `NotebookExecutionHandler`; ``progress_bar`` and ``log_output`` are
            ignored: the text output of cells is always in the step's log.

    Raises:
        ValueError: There is another option.

    """

    supported_options = ("progress_bar", "log_output", "kernel_name", "cwd")

    def __init__(self, history: bool = True, timeout: int | None = None, **kwargs: object) -> None:
        unknown = sorted(kwargs.keys() - set(self.supported_options))
        if unknown:
            known = ", ".join(self.supported_options)
            raise ValueError(f"{type(self).__name__}: unknown option {', '.join(unknown)}; there are: {known}")
        chosen = {name: str(kwargs[name]) for name in ("kernel_name", "cwd") if kwargs.get(name)}
        super().__init__(timeout, **chosen)


class PapermillExecutionHandler(AzureMLNotebookHandler):
    """v1's earlier name of AzureMLNotebookHandler.

    Args:
        history, timeout, **kwargs: See AzureMLNotebookHandler.

    """


class NotebookRunConfig(ScriptRunConfig):
    """A notebook with its parameters, for NotebookRunnerStep and ``experiment.submit``.

    The executed notebook is kept with the run's files, also when a cell fails.

    Example:
        >>> config = NotebookRunConfig("notebooks", "train.ipynb", parameters={"rate": 0.1})
        >>> run = Experiment(ws, "train").submit(config)
        >>> run.wait_for_completion()

    Args:
        source_directory: The folder of the notebook.
        notebook: The notebook, as a path in that folder.
        output_notebook: The path of the executed notebook among the run's files; ``outputs/`` is put before it unless
            it begins with ``outputs/`` or ``logs/``. None: the notebook's path with ``.output`` before the suffix.
        parameters: Values by name, which JSON can express. They are assigned in a cell after the one with the tag
            ``parameters``, as papermill does. None: none.
        handler: An AzureMLNotebookHandler with a time limit for cells, a kernel, a working directory. None: the usual.
        run_config: A RunConfiguration. The step's environment gets nbclient and ipykernel in addition, unless its
            image has all packages. None: a new one.

    Raises:
        ValueError: The path of a notebook is missing, absolute or leads out of the folder.

    """

    def __init__(
        self,
        source_directory: str,
        notebook: str,
        output_notebook: str | None = None,
        parameters: Mapping[str, object] | None = None,
        handler: NotebookExecutionHandler | None = None,
        run_config: RunConfiguration | None = None,
        _telemetry_values: object = None,
    ) -> None:
        for what, given in (("notebook", notebook), ("output_notebook", output_notebook or "x.ipynb")):
            _check_path(what, given)
        super().__init__(source_directory, script=notebook, run_config=run_config)
        self.notebook = notebook
        path = PurePosixPath(notebook)
        self.output_notebook = output_notebook or str(path.with_name(f"{path.stem}.output{path.suffix}"))
        self.parameters = {str(name): plain(value) for name, value in (parameters or {}).items()}
        self.handler = handler or AzureMLNotebookHandler()

    @override
    def __repr__(self) -> str:
        return f"NotebookRunConfig({self.source_directory!r}, {self.notebook!r}, parameters={self.parameters!r})"


def _check_path(what: str, given: object) -> None:
    if not isinstance(given, str) or not given:
        raise ValueError(f"NotebookRunConfig: {what} must be the path of a notebook, not {given!r}")
    path = PurePosixPath(given)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"NotebookRunConfig: {what} {given!r} must be a path in source_directory")
