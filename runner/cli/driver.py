"""Running the user's pipeline file as Python would: as ``__main__``, with its folder first on the path."""

from __future__ import annotations

import builtins
import os
import sys
import traceback
from collections.abc import Collection, Sequence
from pathlib import Path
from types import CodeType, ModuleType

from ..errors import BadInput, Problem
from .output import warn

_PACKAGE = Path(__file__).resolve().parents[1]
_ROOT = __name__.partition(".")[0]
"""``runner``, or the private name it is loaded under beside a user's own ``runner``."""
_AGAIN = (
    "import sys; tree = sys.argv.pop(1); sys.path[0 : not getattr(sys.flags, 'safe_path', False)] = [tree]; "
    "from _runner_step.cli.main import main; sys.exit(main())"
)


def is_file_name(text: str) -> bool:
    """Return True if `text` is a file name, existing or not, and neither a run nor a published pipeline."""
    return Path(text).exists() or "/" in text or Path(text).suffix in {".py", ".yaml", ".yml"}


def check_file(name: str) -> Path:
    """The pipeline file. Raises BadInput when there is none, or when it is neither Python nor YAML."""
    path = Path(name)
    if not path.exists():
        raise BadInput(f"there is no file {name}", remedy="give the path of a pipeline file")
    if path.is_dir():
        raise BadInput(f"{name} is a folder", remedy="give the path of a pipeline file in it")
    if not path.is_file():
        raise BadInput(f"{name} is no regular file", remedy="give the path of a pipeline file")
    if path.suffix not in {".py", ".yaml", ".yml"}:
        remedy = "give the path of a pipeline file, which ends in .py, .yaml or .yml"
        raise BadInput(f"{name} is neither a Python file nor YAML", remedy=remedy)
    return path


def restart_under_private_name(path: Path, argv: Sequence[str], cache: Path) -> None:
    """Start over under a private name when the driver's folder has a ``runner`` of its own; else return.

    The user's ``import runner`` then finds theirs, and ours is ``_runner_step``.
    """
    if _ROOT != "runner" or not has_module_named_runner(path.resolve().parent):
        return
    from ..data.step_bundle import tree

    bundles = cache / "step_bundles"
    bundles.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-c", _AGAIN, str(tree(bundles, whole=True)), *argv])  # noqa: S606 - ourselves


def has_module_named_runner(folder: Path) -> bool:
    """Return True if ``import runner`` in a script of this folder would import another package."""
    package = folder / "runner"
    return (folder / "runner.py").is_file() or (package.is_dir() and not package.samefile(_PACKAGE))


def execute(path: Path, arguments: Sequence[str]) -> dict[str, object]:
    """Run the file; its names afterwards. Whatever it raises comes out as it is.

    Raises BadInput, before any of it runs, when it is not Python.
    """
    from ..sdk.v1_names import install

    code = compiled(path)
    install()
    folder = path.resolve().parent
    sys.path[:] = search_path(sys.path, folder, _command_folders())
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), compat_folder())))
    if _ROOT != "runner" and not (folder / "runner.py").is_file() and (folder / "runner").is_dir():
        _join_folders(folder / "runner")
    sys.argv[:] = [str(path), *arguments]
    module = ModuleType("__main__")
    module.__file__ = str(path.absolute())
    module.__dict__.update(__builtins__=builtins, __cached__=None, __spec__=None)
    sys.modules["__main__"] = module
    exec(code, module.__dict__)  # noqa: S102 - this is the command
    return module.__dict__


def compiled(path: Path) -> CodeType:
    """Compile the file as Python does. Raises BadInput naming the place that is not Python."""
    from importlib.util import decode_source

    data = path.read_bytes()
    try:
        return compile(decode_source(data), str(path.absolute()), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise BadInput([not_python(error, path)]) from error
    except UnicodeDecodeError as error:
        place = f"{_shown(path)}:{data.count(bytes([10]), 0, error.start) + 1}"
        remedy = "save the file as UTF-8, or declare its encoding in its first line"
        raise BadInput(f"{path.name} is not UTF-8 text: {error.reason}", place, remedy) from error
    except ValueError as error:  # Python before 3.12 says this of a NUL
        raise BadInput([not_python(SyntaxError(str(error)), path)]) from error


def not_python(error: SyntaxError, path: Path | None = None) -> Problem:
    """Return what a syntax error says, and its place.

    Args:
        error: The error.
        path: The file that was compiled; None: the one that the error names.

    """
    file = path or Path(error.filename or "")
    line = f":{error.lineno}" if error.lineno else ""
    text = f"  {error.text.strip()}" if error.text and error.text.strip() else ""
    return Problem(f"{file.name} is not Python: {error.msg}", f"{_shown(file)}{line}{text}", "correct that line")


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def search_path(current: Sequence[str], folder: Path, command: Collection[str]) -> list[str]:
    """The driver's path: its folder, the compat layer, then all but the folder of our own command.

    `command` are the entries that Python may have put first for us, as it puts a script's folder.
    """
    compat = compat_folder()
    rest = current[1:] if current and current[0] in command else current
    return [str(folder), compat, *(entry for entry in rest if entry != compat)]


def compat_folder() -> str:
    """Return the folder of ``azureml``. Child processes (``python train.py``) find it too, after a real one."""
    return str(_PACKAGE / "compat" if _ROOT == "runner" else _PACKAGE.parent)


def _command_folders() -> tuple[str, ...]:
    if getattr(sys.flags, "safe_path", False):
        return ()
    return "", str(Path.cwd()), str(Path(sys.argv[0]).resolve().parent), str(Path(sys.argv[0]).absolute().parent)


def complain(error: BaseException) -> None:
    """Print the traceback with the frames Python would show: the user's, none of ours."""
    shown = traceback.TracebackException.from_exception(error)
    seen: set[int] = set()
    todo: list[traceback.TracebackException | None] = [shown]
    while todo:
        part = todo.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        part.stack = traceback.StackSummary.from_list([frame for frame in part.stack if not _is_ours(frame.filename)])
        todo += [part.__cause__, part.__context__]
    # Of a file that does not compile no line has run: Python shows no traceback above the error then.
    lines = shown.format() if shown.stack else shown.format_exception_only()
    warn(*"".join(lines).removesuffix("\n").split("\n"))


def called_at(error: BaseException) -> str:
    """Return ``file:line`` and the line of the user's code that led to the error; empty if none did."""
    frames = iter(traceback.extract_tb(error.__traceback__))
    theirs: traceback.FrameSummary | None = None
    for frame in frames:
        if not _is_ours(frame.filename):
            theirs = frame
        elif theirs is not None:
            break
    if theirs is None:
        return ""
    return f"{os.path.relpath(theirs.filename)}:{theirs.lineno}  {theirs.line or ''}".rstrip()


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(_PACKAGE) or filename.startswith("<frozen ")


def _join_folders(theirs: Path) -> None:
    """A folder without ``__init__.py`` would lose to our shim: let ``from runner import …`` look in both."""
    from importlib import import_module

    import_module("runner").__path__.append(str(theirs))
