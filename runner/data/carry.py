"""Our own code as a step carries it: under a private name, so that no file of the user's can hide it.

The archive holds ``_runner_step`` (this package), ``azureml`` (the compat layer, standing on it) and
a ``runner`` shim; put on a script's path, its `import` finds the user's own files first.
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ..model.digest import digest_of_bytes
from .snapshot import unpack

PRIVATE = "_runner_step"
_PACKAGE = Path(__file__).parents[1]
_NOT_IN_A_STEP = ("cli", "cluster", "compute", "images", "web", "compat", "_manifests")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHIM = f'''"""The names of `runner` inside a step."""
from {PRIVATE} import __getattr__, __version__
'''
_MAIN = f"""import sys

if sys.version_info < (3, 10):
    line = "the image's Python is " + sys.version.split()[0] + "; a step needs 3.10 or newer"
    with open("/dev/termination-log", "w") as log:
        log.write(line)
    raise SystemExit(line)
from {PRIVATE}.step.bootstrap import main
raise SystemExit(main())
"""


@lru_cache(maxsize=2)
def archive(*, whole: bool = False) -> bytes:
    """The zip as bytes, equal for equal code: ``step.pyz``. `whole`: with what only drivers need."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name, text in sorted(_members(whole=whole)):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            out.writestr(info, text)
    return buffer.getvalue()


def tree(below: Path, *, whole: bool = False) -> Path:
    """The archive unpacked in a folder of `below` that is named by its content, made once."""
    stamp = _stamp()
    for known in below.glob(f"*-{stamp}-{int(whole)}"):
        return known
    data = archive(whole=whole)
    final = below / f"{digest_of_bytes(data)[:12]}-{stamp}-{int(whole)}"
    draft = final.with_name(f".{final.name}.{os.getpid()}")
    unpack(data, draft)
    try:
        draft.rename(final)
    except OSError:  # another process was first
        if not final.is_dir():
            raise
        shutil.rmtree(draft, ignore_errors=True)
    return final


def _stamp() -> str:
    """Changes whenever a file of ours does; cheaper than building the archive to see."""
    newest, count = 0, 0
    for path in _sources(_PACKAGE, skip=()):
        newest, count = max(newest, path.stat().st_mtime_ns), count + 1
    return f"{newest:x}-{count:x}"


def _members(*, whole: bool) -> Iterator[tuple[str, str]]:
    for path in _sources(_PACKAGE, skip=("_manifests",) if whole else _NOT_IN_A_STEP):
        yield f"{PRIVATE}/{path.relative_to(_PACKAGE).as_posix()}", path.read_text(encoding="utf-8")
    compat = _PACKAGE / "compat"
    for path in _sources(compat, skip=()):
        relative = path.relative_to(compat).as_posix()
        if relative != "__init__.py":
            yield relative, path.read_text(encoding="utf-8").replace("from runner.", f"from {PRIVATE}.")
    yield "runner/__init__.py", _SHIM
    yield "__main__.py", _MAIN


def _sources(folder: Path, skip: tuple[str, ...]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [
            name for name in folders if name != "__pycache__" and (Path(parent) != folder or name not in skip)
        ]
        yield from (Path(parent, name) for name in names if name.endswith(".py"))
