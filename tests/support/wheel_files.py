"""Small wheels, made in a test."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path


def wheel_bytes(
    project: str = "mine",
    version: str = "1.0",
    *,
    requires: Sequence[str] = (),
    code: str = "VALUE = 1\n",
    tag: str = "py3-none-any",
    stated: str = "",
) -> bytes:
    """Return a wheel with one module; `stated` is the project in its metadata if that is another one."""
    info = f"{project}-{version}.dist-info"
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {stated or project}",
        f"Version: {version}",
        *map("Requires-Dist: {}".format, requires),
    ]
    files = {
        f"{project}.py": code,
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


def write_wheel(
    folder: Path, project: str = "mine", version: str = "1.0", *, tag: str = "py3-none-any", code: str = "VALUE = 1\n"
) -> Path:
    """Write a wheel under its name and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{project}-{version}-{tag}.whl"
    path.write_bytes(wheel_bytes(project, version, code=code, tag=tag))
    return path
