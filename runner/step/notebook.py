"""The program of a NotebookRunnerStep: it executes a notebook in the step's own Python environment.

Its process is ``python -m``, this module under the private name of the step bundle, and these arguments: a JSON
document (see `Work`), a folder for the executed notebook (empty: none), and pairs of a name and a text, which become
parameters of the notebook. nbclient, nbformat and ipykernel come from the environment.

The parameters are assigned in a cell after the one with the tag ``parameters``, as papermill does
(https://papermill.readthedocs.io, "Parameterize").
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dataclass import dataclass
from ..override import override

if TYPE_CHECKING:
    from types import FrameType

    from nbclient import NotebookClient
    from nbformat import NotebookNode

PARAMETERS = "parameters"
"""The tag of the cell with the defaults."""
INJECTED = "injected-parameters"
"""The tag of the cell that this module adds."""
_KERNEL = "runner-step"
"""The kernel of this environment's Python. Whatever other kernels the machine has, they are not used for Python."""
_KEPT = ("outputs", "logs")
"""The folders whose files become files of the run."""
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_STARTUP = 300
"""Seconds that a kernel may take to start; nbclient's minute is short for a machine with much to do."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """The notebook to be executed, and the settings of its execution."""

    notebook: str
    """The path below the working directory."""
    output: str
    """The path of the executed notebook, below the folders that it is kept in."""
    parameters: Mapping[str, object]
    timeout: int | None = None
    """Seconds that a cell may take. None: no limit."""
    kernel: str = ""
    """The Jupyter kernel of a notebook in another language than Python. Empty: this Python."""
    cwd: str = ""
    """The kernel's working directory, below that of the step."""


def main(arguments: Sequence[str]) -> int:
    """Execute the notebook and keep it, with the outputs of its cells, whether it fails or not.

    Args:
        arguments: See the module.

    Returns:
        The exit code of the step's process.
    """
    document, folder, *pairs = arguments
    given = json.loads(document)
    work = Work(**{**given, "parameters": {**given["parameters"], **dict(zip(pairs[::2], pairs[1::2]))}})
    missing = [name for name in ("nbclient", "nbformat", "ipykernel") if find_spec(name) is None]
    if missing:
        print(
            f"runner: the step's environment has no {' and no '.join(missing)}, so no notebook can be executed in it: "
            "add 'nbclient' and 'ipykernel' to its pip packages or to its image",
            file=sys.stderr,
        )
        return 1
    import nbformat

    notebook = nbformat.read(work.notebook, as_version=4)
    inject(notebook, work.parameters)
    signal.signal(signal.SIGTERM, _stop)
    try:
        failure = _execute(notebook, work)
    finally:
        for path in kept_at(work.output, folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, str(path))
    if failure:
        print(failure, file=sys.stderr)
    return 1 if failure else 0


def inject(notebook: NotebookNode, parameters: Mapping[str, object]) -> None:
    """Add a cell that assigns the parameters, or replace the one of an earlier execution.

    It comes after the cell with the tag ``parameters``; without such a cell it is the first one.
    """
    if not parameters:
        return
    from nbformat.v4 import new_code_cell

    lines = ["# Parameters", *(f"{name} = {literal(value)}" for name, value in parameters.items())]
    cell = new_code_cell("\n".join(lines), metadata={"tags": [INJECTED]})
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        cell.pop("id", None)  # cells have ids from nbformat 4.5 on
    notebook.cells = [one for one in notebook.cells if INJECTED not in _tags(one)]
    tagged = [index for index, one in enumerate(notebook.cells) if PARAMETERS in _tags(one)]
    notebook.cells.insert(tagged[0] + 1 if tagged else 0, cell)


def literal(value: object) -> str:
    """Return a JSON value as Python source."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {literal(item)}' for key, item in value.items())}}}"
    return repr(value)


def kept_at(output: str, folder: str) -> tuple[Path, ...]:
    """Return the paths of the executed notebook: among the run's files, and in the folder of the step's output."""
    inside = Path(output).parts[:1] in {(name,) for name in _KEPT}
    of_run = Path(output) if inside else Path(_KEPT[0], output)
    return (of_run, Path(folder, output)) if folder else (of_run,)


def _execute(notebook: NotebookNode, work: Work) -> str:
    """Execute the cells. Return the text of the failure; empty: there is none."""
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    with tempfile.TemporaryDirectory() as own, suppress(_Stopped):
        _isolate(Path(own))
        client = _client(notebook, work)
        try:
            client.execute()
        except CellExecutionError as error:
            return f"{_failed_cell(notebook, work)}\n{_traceback(notebook) or error}"
        except CellTimeoutError:
            return f"runner: a cell of {work.notebook} took longer than the handler's timeout of {work.timeout} s"
        except DeadKernelError:
            return (
                f"runner: the kernel of {work.notebook} ended in the middle of a cell: it called exit, crashed, "
                "or was killed for its memory"
            )
        except NoSuchKernel as error:
            return f"runner: the step's environment has no Jupyter kernel {error.name!r}: add it to its image"
        return ""
    return f"runner: {work.notebook} was stopped by SIGTERM"


def _client(notebook: NotebookNode, work: Work) -> NotebookClient:
    """Return nbclient's client, which also prints the text output of cells while they run."""
    from nbclient import NotebookClient

    count = len(notebook.cells)

    class Client(NotebookClient):
        @override
        async def async_execute_cell(self, cell: Any, cell_index: int, *rest: Any, **options: Any) -> Any:  # noqa: ANN401 - nbclient's
            if cell.cell_type == "code" and cell.source.strip():
                print(f"runner: cell {cell_index + 1} of {count}")
            return await super().async_execute_cell(cell, cell_index, *rest, **options)

        @override
        def process_message(self, msg: Any, *rest: Any, **options: Any) -> Any:  # noqa: ANN401 - nbclient's
            if msg.get("msg_type") == "stream":
                print(msg["content"].get("text", ""), end="", flush=True)
            return super().process_message(msg, *rest, **options)

    name = work.kernel or _KERNEL
    place = {"metadata": {"path": str(Path.cwd() / work.cwd)}}
    return Client(notebook, timeout=work.timeout, kernel_name=name, startup_timeout=_STARTUP, resources=place)


def _isolate(own: Path) -> None:
    """Let Jupyter and IPython keep their files in `own`, and know this Python as the kernel `_KERNEL`."""
    kernel = own / "data" / "kernels" / _KERNEL
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python of the step", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, (str(own / "data"), before)))
    os.environ["JUPYTER_RUNTIME_DIR"] = str(own / "runtime")
    os.environ["JUPYTER_CONFIG_DIR"] = str(own / "config")
    os.environ["IPYTHONDIR"] = str(own / "ipython")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # ipykernel's debugger warns on standard error


def _failed_cell(notebook: NotebookNode, work: Work) -> str:
    failed = [index for index, cell in enumerate(notebook.cells) if _errors(cell)]
    number = f"cell {failed[-1] + 1} of {len(notebook.cells)}" if failed else "a cell"
    return f"runner: {number} of {work.notebook} failed:"


def _traceback(notebook: NotebookNode) -> str:
    """Return the failed cell's traceback as a terminal without colors shows it."""
    found = [error for cell in notebook.cells for error in _errors(cell)]
    return _ANSI.sub("", "\n".join(found[-1].get("traceback", ()))) if found else ""


def _errors(cell: NotebookNode) -> list[Any]:
    return [one for one in cell.get("outputs", ()) if one.get("output_type") == "error"]


def _tags(cell: NotebookNode) -> Sequence[str]:
    tags: Sequence[str] = cell.get("metadata", {}).get("tags", ())
    return tags


class _Stopped(BaseException):
    """SIGTERM has arrived: the notebook is written as far as it got."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
