"""Find a remedy for a failed script in its last lines and its exit code (pure).

Only the exception that ended the script counts: the script may have handled anything else that it printed. Without
a certain match there is no hint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..model.delivery import mount_place
from ..model.exits import last_exception
from ..model.memory import more_memory
from ..model.step import InputSpec, StepSpec

_Rule = tuple[str, Callable[[StepSpec, "re.Match[str]"], str]]
_PACKAGES = {
    "Crypto": "pycryptodome",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "jwt": "PyJWT",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "PyYAML",
}
"""Packages whose name on PyPI differs from the name of their module."""
_NOT_THERE = re.compile(r".*(?:command not found|: not found|: No such file or directory)$")
_WRONG_FORMAT = re.compile(r"(?i)exec(?:utable)? format error|cannot execute binary file")


def complaint(step: StepSpec, tail: str, exit_code: int | None) -> str:
    """Return what the user can do now; empty if nothing matches."""
    if _WRONG_FORMAT.search(tail):
        return "it is built for another processor: build the image or the program for the machines of the target"
    raised = last_exception(tail) or _last_line(tail)
    for pattern, words in _RULES:
        if match := re.fullmatch(pattern, raised):
            return words(step, match)
    return _by_code(step, exit_code, tail)


def _last_line(tail: str) -> str:
    """Return the last line: ``python -m x`` and the shell report a missing module or command without a traceback."""
    lines = tail.strip().splitlines()
    return lines[-1] if lines else ""


def _by_code(step: StepSpec, exit_code: int | None, tail: str) -> str:
    if exit_code == 127 and _NOT_THERE.match(_last_line(tail)):
        return f"add the program to the environment '{step.environment}', or name it by its whole path"
    if exit_code == 126:
        return "make the program executable (chmod +x), and see that its first line names an interpreter there is"
    if exit_code == 137:
        return f"if it needs more memory: {more_memory(step.resources.memory_limit).partition(',')[0]}"
    if exit_code == 139:
        return "set the step's environment variable PYTHONFAULTHANDLER=1: the log then shows where it crashed"
    if exit_code == 135:
        return "raise the step's shm_size: data loaders share memory there"
    return ""


def _missing_module(step: StepSpec, match: re.Match[str]) -> str:
    module = match["module"]
    top = module.partition(".")[0]
    if top in ("azureml", "azure"):
        package = "" if top == "azureml" else module.replace(".", "-")
        what = f"add '{package}' to" if package else f"runner has no '{module}': take it out, or add its package to"
        return f"{what} the environment '{step.environment}'"
    package = _PACKAGES.get(top, top)
    return (
        f"add '{package}' to the packages of the environment '{step.environment}', "
        f"or, if '{top}' is yours, its file to the step's source_directory"
    )


def _missing_file(step: StepSpec, match: re.Match[str]) -> str:
    path = match["path"]
    if spec := _input_at(step, path):
        return f"see what the step that makes the input '{spec.name}' has written"
    if not re.search(r"[/.]", path):
        return f"add the program '{path}' to the environment '{step.environment}', if that is what it is"
    if re.search(r"/outputs/|^/tmp/", path):
        return ""
    if not path.startswith("/"):
        return f"'{path}' is looked for in the step's source_directory: is it there, and not left out by .amlignore?"
    return "a step has only its inputs, its outputs and its source_directory: hand the file over as an input"


def _read_only(step: StepSpec, match: re.Match[str]) -> str:
    spec = _input_at(step, match[0])
    if spec is None or not spec.mode.is_shared or spec.writable:
        return ""
    return (
        f"the input '{spec.name}' is mounted, and mounted inputs are read-only: "
        "write to an output of the step, or read a private copy: as_download()"
    )


def _input_at(step: StepSpec, said: str) -> InputSpec | None:
    """Return the input whose folder or file a message names, or a path below it; of nested ones the innermost."""
    tried = ((re.search(place, said), spec) for spec in step.inputs for place in _places(spec))
    ends = [(found.end(), spec) for found, spec in tried if found]
    return max(ends, key=lambda one: one[0])[1] if ends else None


def _places(spec: InputSpec) -> Iterator[str]:
    """Yield a pattern for each path at which a script may see an input."""
    after = r"(?![\w.-])"
    yield f"/inputs/{re.escape(spec.name)}{after}"
    yield f"{re.escape(mount_place(spec.name))}{after}"
    if place := spec.path_on_compute.rstrip("/"):
        # A whole absolute path, or a relative one from the working directory or in full.
        yield rf"(?<![\w.-]){re.escape(place)}{after}"


def _no_memory(step: StepSpec, _match: re.Match[str]) -> str:
    more = more_memory(step.resources.memory_limit).partition(",")[0]
    return f"work on smaller parts of the data, or, on a cluster, {more}"


def _no_gpu(step: StepSpec, _match: re.Match[str]) -> str:
    if not step.resources.gpu:
        return "the step asks for no GPU: set gpu to 1, or run it on the CPU"
    return f"see that the environment '{step.environment}' has a CUDA build, and that the target's nodes have a GPU"


def _full_disk(_step: StepSpec, match: re.Match[str]) -> str:
    if "/dev/shm" in match[0]:  # noqa: S108 - a path in a message
        return "raise the step's shm_size: that is what /dev/shm may hold"
    return "make room on the disk of the machine or node, or write less; outputs and inputs lie there as well"


def _said(words: str) -> Callable[[StepSpec, re.Match[str]], str]:
    return lambda _step, _match: words


_RULES: tuple[_Rule, ...] = (
    (r"(?:ModuleNotFoundError: |\S*python[\d.]*: )No module named '?(?P<module>[\w.]+)'?.*", _missing_module),
    (r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<path>[^']+)'.*", _missing_file),
    (
        r"(?:torch\.)?(?:cuda\.)?(?:OutOfMemoryError|RuntimeError): CUDA (?:error: )?out of memory.*",
        _said("the GPU's memory is full: smaller batches, or a GPU with more memory"),
    ),
    (r"RuntimeError: (?:No CUDA GPUs are available|Found no NVIDIA driver on your system.*)", _no_gpu),
    (
        r"AssertionError: Torch not compiled with CUDA enabled",
        lambda step, _: f"the environment '{step.environment}' has a build of torch for the CPU: take one for CUDA",
    ),
    (r"(?:[\w.]*ArrayMemoryError|MemoryError)(?:: .*)?", _no_memory),
    (r".*\[Errno (?:28|122)\].*", _full_disk),
    (r".*(?:\[Errno 30\]|Read-only file system).*", _read_only),
    (
        r"PermissionError: \[Errno (?:1|13)\] .*",
        _said(
            "a step may write to its outputs, its working directory and the temporary folder, and has no root's rights"
        ),
    ),
    (
        r"(?:SyntaxError|IndentationError): .*",
        lambda step, _: f"mend the code, or take a newer Python in the environment '{step.environment}' if it is right",
    ),
)
