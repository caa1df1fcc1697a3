"""Our own code as a step carries it: under a private name, so that no file of the user's can hide it.

The archive holds ``_runner_step`` (this package), ``azureml`` (the compat layer, standing on it) and
a ``runner`` shim; put on a script's path, its `import` finds the user's own files first.
"""

from __future__ import annotations

import io
import marshal
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

from ..model.digest import digest_of_bytes
from ..model.termination import OLD_PYTHON
from .packing import unpack

PRIVATE = "_runner_step"
CARRIED = (".py", ".txt")
"""What files of the package count: its modules, and the table of v1's names."""
_PACKAGE = Path(__file__).parents[1]
_ROOTS = ("step/", "sdk/")
"""What a step comes to by itself; ``__init__`` fetches the names of ``sdk`` by text."""
_NOT_IN_A_STEP = ("__main__", "_manifests", "cli", "cluster", "compat", "compute", "images", "web", "wiring")
_IMPORT = re.compile(r"^\s*from (\.+)([\w.]*) import (\([^)]*\)|[^\n#]+)", re.MULTILINE)
_BOOTSTRAP = "step/bootstrap.py"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHIM = f'''"""The names of `runner` inside a step."""
from {PRIVATE} import __getattr__, __version__
'''
_MAIN = f"""import sys

if sys.version_info < (3, 10):
    line = "{OLD_PYTHON}: " + sys.version.split()[0]
    with open("/dev/termination-log", "w") as log:
        log.write(line)
    raise SystemExit(line)
from {PRIVATE}.step.bootstrap import main
raise SystemExit(main())
"""


@lru_cache(maxsize=2)
def archive(*, whole: bool = False, compiled: bool = False) -> bytes:
    """The zip as bytes. `whole`: with what only drivers need; `compiled`: with bytecode for a pod's bootstrap.

    Without bytecode it is equal for equal code.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        members = dict(_members(whole=whole))
        early = _early(members) if compiled else frozenset()
        for name, text in sorted(members.items()):
            _add(out, name, text.encode())
            if name in early:
                _add(out, f"{name}c", _bytecode(name, text))
    return buffer.getvalue()


def step_archive(below: Path) -> bytes:
    """``step.pyz`` for pods, made once per machine: bytecode is not the same bytes each time it is made.

    A zip caches no bytecode, and compiling is most of a bootstrap's start. An image with another Python than
    ours takes the sources beside it. The file's name has the digest: one that a full disk or a power failure has
    damaged is made again.
    """
    name = f"step-{_stamp()}-{sys.implementation.cache_tag}-"
    for kept in sorted(below.glob(f"{name}*.pyz")):
        data = kept.read_bytes()
        if kept.name == f"{name}{digest_of_bytes(data)}.pyz":
            return data
        kept.unlink(missing_ok=True)
    data = archive(compiled=True)
    with tempfile.NamedTemporaryFile(dir=below, prefix=".draft-", delete=False) as draft:
        draft.write(data)
    Path(draft.name).rename(below / f"{name}{digest_of_bytes(data)}.pyz")
    return data


def _add(out: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    out.writestr(info, data)


def _bytecode(name: str, text: str) -> bytes:
    """A pyc that is never checked against its source (PEP 552): the archive has both from one writer."""
    code = compile(text, name, "exec", dont_inherit=True)
    unchecked = (1).to_bytes(4, "little")
    return MAGIC_NUMBER + unchecked + source_hash(text.encode()) + marshal.dumps(code)


def tree(below: Path, *, whole: bool = False) -> Path:
    """The archive unpacked in a folder of `below` that is named by its content, made once by however many ask."""
    stamp = _stamp()
    for known in below.glob(f"*-{stamp}-{int(whole)}"):
        return known
    data = archive(whole=whole)
    final = below / f"{digest_of_bytes(data)[:12]}-{stamp}-{int(whole)}"
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=below))
    try:
        unpack(data, draft)
        draft.rename(final)
    except OSError:
        if not final.is_dir():  # else another was first
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final


def _stamp() -> str:
    """Changes whenever a file of ours does; cheaper than building the archive to see."""
    newest, count = 0, 0
    for path in _sources(_PACKAGE, skip=()):
        newest, count = max(newest, path.stat().st_mtime_ns), count + 1
    return f"{newest:x}-{count:x}"


def _members(*, whole: bool) -> Iterator[tuple[str, str]]:
    ours = {
        path.relative_to(_PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in _sources(_PACKAGE, skip=("_manifests",) if whole else _NOT_IN_A_STEP)
    }
    compat = dict(_compat())
    for name in ours if whole else _needed(ours, compat.values()):
        yield f"{PRIVATE}/{name}", ours[name]
    yield from compat.items()
    yield "runner/__init__.py", _SHIM
    yield "__main__.py", _MAIN


def _compat() -> Iterator[tuple[str, str]]:
    compat = _PACKAGE / "compat"
    for path in _sources(compat, skip=()):
        relative = path.relative_to(compat).as_posix()
        if relative != "__init__.py":
            yield relative, path.read_text(encoding="utf-8").replace("from runner.", f"from {PRIVATE}.")


def _needed(ours: Mapping[str, str], compat: Iterable[str]) -> frozenset[str]:
    """The modules that a step can come to."""
    text = "\n".join(compat)
    named = (name for name in ours if f"{PRIVATE}.{_dotted(name)} import" in text)
    return _reached(ours, (*(name for name in ours if name.startswith(_ROOTS)), *named))


def _early(members: Mapping[str, str]) -> frozenset[str]:
    """The members that the bootstrap comes to."""
    ours = {name.removeprefix(f"{PRIVATE}/"): text for name, text in members.items() if name.startswith(f"{PRIVATE}/")}
    ours["__init__.py"] = ""  # what this fetches is for scripts
    reached = _reached(ours, ("__init__.py", "step/__init__.py", _BOOTSTRAP))
    return frozenset(f"{PRIVATE}/{name}" for name in reached)


def _reached(ours: Mapping[str, str], roots: Iterable[str]) -> frozenset[str]:
    """`roots` and whatever they import, in whatever function it stands."""
    queue, found = list(roots), set[str]()
    while queue:
        name = queue.pop()
        if name in ours and name not in found:
            found.add(name)
            queue.extend(_imported(name, ours[name]) if name.endswith(".py") else ())
    return frozenset(found)


def _imported(name: str, text: str) -> Iterator[str]:
    """Where each module that `text` imports may lie; with every package on the way to it."""
    for dots, module, names in _IMPORT.findall(text):
        base = [*name.split("/")[: -len(dots)], *filter(None, module.split("."))]
        yield from ("/".join((*base[:depth], "__init__.py")) for depth in range(len(base) + 1))
        yield "/".join(base) + ".py"
        for imported in re.findall(r"\w+", names):
            yield "/".join((*base, f"{imported}.py"))
            yield "/".join((*base, imported, "__init__.py"))


def _dotted(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _sources(folder: Path, skip: tuple[str, ...]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [
            name for name in folders if name != "__pycache__" and (Path(parent) != folder or name not in skip)
        ]
        yield from (Path(parent, name) for name in names if name.endswith(CARRIED))
