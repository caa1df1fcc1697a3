"""The step bundle: our own code for a step, under a private name, so that no file of the user's can hide it.

The archive holds ``_runner_step`` (the part of this package that a step can import), ``azureml`` (the compat layer,
which imports it) and a ``runner`` shim; put on a script's path, its `import` finds the user's own files first.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from ..model.digest import digest_of_bytes
from ..model.termination import OLD_PYTHON, OLDEST_PYTHON
from .packing import unpack

PRIVATE = "_runner_step"
SUFFIXES = (".json", ".py", ".txt")
"""The files of the package that count: its modules, and the tables that they read."""
_PROGRAMS = tuple(f"{PRIVATE}/{folder}/" for folder in ("step", "sdk/hyperdrive", "sdk/parallel_run"))
"""The packages with modules that a process of a step runs."""
_PACKAGE = Path(__file__).parents[1]
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHIM = f'''"""The names of `runner` inside a step."""
from {PRIVATE} import __getattr__, __version__
'''
_MAIN = f"""import sys

if sys.version_info < {OLDEST_PYTHON}:
    line = "{OLD_PYTHON}: " + sys.version.split()[0]
    with open("/dev/termination-log", "w") as log:
        log.write(line)
    raise SystemExit(line)
from {PRIVATE}.step.bootstrap import main
raise SystemExit(main())
"""


@lru_cache(maxsize=2)
def archive(*, whole: bool = False) -> bytes:
    """Return the zip, whose bytes are equal for equal code: members are sorted, undated, and not compressed.

    Compressed bytes depend on the version of zlib, and bytecode on the version of Python.

    Args:
        whole: Include the modules that only drivers import, and all docstrings.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as out:
        for name, text in sorted(_members(whole=whole).items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3  # Unix, also elsewhere
            info.external_attr = 0o644 << 16
            out.writestr(info, text.encode())
    return buffer.getvalue()


def step_archive(below: Path) -> bytes:
    """Return ``step.pyz`` for pods; it is kept below `below`, as computing it takes a second.

    The file's name has the digest: one that a full disk or a power failure has damaged is made again.
    """
    name = f"step-{_stamp()}-"
    for kept in sorted(below.glob(f"{name}*.pyz")):
        data = kept.read_bytes()
        if kept.name == f"{name}{digest_of_bytes(data)}.pyz":
            return data
        kept.unlink(missing_ok=True)
    data = archive()
    with tempfile.NamedTemporaryFile(dir=below, prefix=".draft-", delete=False) as draft:
        draft.write(data)
    Path(draft.name).rename(below / f"{name}{digest_of_bytes(data)}.pyz")
    return data


def tree(below: Path, *, whole: bool = False) -> Path:
    """Return the archive unpacked in a folder of `below` that is named by its content; processes may race for it."""
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
    """Return a text that changes whenever a file of ours does; cheaper than the archive."""
    newest, count = 0, 0
    for path in _files(_PACKAGE):
        newest, count = max(newest, path.stat().st_mtime_ns), count + 1
    return f"{newest:x}-{count:x}"


def _members(*, whole: bool) -> Mapping[str, str]:
    sources = dict(_sources())
    if whole:
        return sources
    from .step_modules import reachable

    # A step starts in one of our programs, and its script may import whatever v1 has.
    roots = (name for name in sources if name.startswith(_PROGRAMS) or not name.startswith(f"{PRIVATE}/"))
    return reachable(sources, roots)


def _sources() -> Iterator[tuple[str, str]]:
    """Yield each file of the archive of all modules: its name and its text."""
    compat = _PACKAGE / "compat"
    for path in _files(_PACKAGE):
        text = path.read_text(encoding="utf-8")
        if path.is_relative_to(compat) and path.parent != compat:
            yield path.relative_to(compat).as_posix(), text.replace("from runner.", f"from {PRIVATE}.")
        yield f"{PRIVATE}/{path.relative_to(_PACKAGE).as_posix()}", text
    yield "runner/__init__.py", _SHIM
    yield "__main__.py", _MAIN


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("__pycache__", "_manifests")]
        yield from (Path(parent, name) for name in names if name.endswith(SUFFIXES))
