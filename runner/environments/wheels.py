"""Wheels that accompany an environment, in the workspace's store: ``environments/wheels/<digest>/<file name>``.

The name is checked by PEP 427 and the content by its digest, so equal wheels of two projects are one object, and a
wheel with another content is another one.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from ..data import addressed
from ..data.file_digest import digest_of_file
from ..errors import BadInput, ObjectDamaged, Problem
from ..model.environment import Wheel
from ..model.pip_line import WHEELS, project_and_version
from ..ports import ObjectStore
from .requirements import normal_name

_NAME_REMEDY = "build it again: `python -m build --wheel` (or `pip wheel --no-deps .`) names it as pip expects"
_METADATA = re.compile(r"^(Name|Version):[ \t]*(\S+)[ \t]*\r?$", re.MULTILINE)
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def key_of(wheel: Wheel) -> str:
    """Return the key of a wheel in the store."""
    return f"{WHEELS}{wheel.digest}/{wheel.name}"


def requirement(wheel: Wheel, path: Path) -> str:
    """Return the line of pip that installs a wheel from a file of this machine."""
    return f"{project_of(wheel)} @ {path.absolute().as_uri()}"


def project_of(wheel: Wheel) -> str:
    """Return the project of a wheel as PEP 503 normalises it."""
    found = project_and_version(wheel.name)
    return normal_name(found[0]) if found else wheel.name


def take(path: Path) -> Wheel:
    """Return the wheel in a file.

    Args:
        path: The file.

    Raises:
        BadInput: There is no such file, or it is no wheel of the project and version in its name.

    """
    named = project_and_version(path.name)
    if named is None:
        raise BadInput(f"{path.name!r} is no file name of a wheel (PEP 427)", str(path), _NAME_REMEDY)
    try:
        stated = _stated(path)
        digest = digest_of_file(path)
    except OSError as error:
        raise BadInput(
            f"the wheel {path} cannot be read: {error.strerror or error}", remedy="correct the path"
        ) from error
    except _UNREADABLE as error:
        raise BadInput(f"{path} is no wheel: {error}", remedy=_NAME_REMEDY) from error
    if stated != (normal_name(named[0]), named[1].replace("_", "-")):
        raise BadInput(
            f"{path} holds {stated[0] or 'no project'} {stated[1]}, and not what its name says", "", _NAME_REMEDY
        )
    return Wheel(path.name, digest)


def keep(store: ObjectStore, wheel: Wheel, path: Path) -> None:
    """Store a wheel unless the store has it, undamaged.

    Args:
        store: The workspace's store.
        wheel: The wheel.
        path: Its file.

    Raises:
        BadInput: The file has changed since it was taken.
        StoreError: The store cannot be used.

    """
    data = _unchanged(wheel, path)
    key = key_of(wheel)
    if not store.put_if_absent(key, data) and not addressed.holds(store, key, data):
        store.put(key, data)


def fetch(store: ObjectStore, wheels: Iterable[Wheel], folder: Path) -> dict[Wheel, Path]:
    """Return the files of wheels below a folder of this machine; download those that are missing there.

    Args:
        store: The workspace's store.
        wheels: The wheels.
        folder: A folder for what can be made again.

    Raises:
        StoreError: The store lacks a wheel, holds another content, or cannot be used.

    """
    return {wheel: _fetched(store, wheel, folder / wheel.digest / wheel.name) for wheel in wheels}


def missing(store: ObjectStore, wheels: Iterable[Wheel], where: str) -> tuple[Problem, ...]:
    """Return a problem for each wheel that the store lacks. Raises StoreError."""
    remedy = "add the file again: Environment.add_private_pip_wheel, or name its path as a pip package"
    return tuple(
        Problem(f"the workspace's store has no wheel {wheel.name} ({wheel.digest[:12]}…)", where, remedy)
        for wheel in wheels
        if store.stat(key_of(wheel)) is None
    )


def _fetched(store: ObjectStore, wheel: Wheel, path: Path) -> Path:
    import os
    import tempfile

    if path.is_file() and digest_of_file(path) == wheel.digest:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / wheel.name
        store.download(key_of(wheel), copy)
        if digest_of_file(copy) != wheel.digest:
            raise ObjectDamaged(
                f"the wheel {key_of(wheel)!r} was changed or damaged in the store: its content does not have the "
                "digest in its name; add the file again, which repairs it"
            )
        os.replace(copy, path)  # noqa: PTH105 - atomic, and a running installer keeps the old file
    return path


def _unchanged(wheel: Wheel, path: Path) -> bytes:
    from ..model.digest import digest_of_bytes

    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"the wheel {path} cannot be read: {error.strerror or error}", remedy="correct the path"
        ) from error
    if digest_of_bytes(data) != wheel.digest:
        raise BadInput(
            f"the wheel {path} was changed while it was submitted", remedy="submit again when it is complete"
        )
    return data


def _stated(path: Path) -> tuple[str, str]:
    """Return project and version that the wheel's metadata state, normalised. Raises OSError, one of _UNREADABLE."""
    with zipfile.ZipFile(path) as archive:
        found = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
        if len(found) != 1:
            raise ValueError("it has no metadata")
        text = archive.read(found[0]).decode(errors="replace")
    fields = dict(reversed(_METADATA.findall(text.partition("\n\n")[0])))
    return normal_name(fields.get("Name", "")), fields.get("Version", "").replace("_", "-")
