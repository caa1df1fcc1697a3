"""Manifests as they are sent; `RUNNER_WRITE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from runner.compute.kubernetes.conventions import CHECK, NO_PYTHON, OTHER_ARCHIVE, START
from runner.model.digest import digest_of_bytes

GOLDEN = Path(__file__).parents[3] / "golden"


def check(name: str, value: object) -> None:
    text = json.dumps(value, indent=2) + "\n"
    path = GOLDEN / name
    if os.environ.get("RUNNER_WRITE_GOLDEN") == "1":
        path.write_text(text)
    assert text == path.read_text()


NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tee").symlink_to(shutil.which("tee") or "/usr/bin/tee")
    return folder


def start_in(folder: Path, interpreter: str, digest: str = "0" * 64) -> subprocess.CompletedProcess[str]:
    script, check = (
        text.replace("/dev/termination-log", str(folder / "log"))
        .replace("/runner/step", str(folder))
        .replace("/runner/work", str(folder))
        for text in (START, CHECK)
    )
    command = ["/bin/sh", "-c", script, "runner", interpreter, digest, check]
    return subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)


def put_python(folder: Path, name: str) -> None:
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "{name} $1 $2 $3 $5"\n')
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("there", "interpreter", "chosen"),
    [
        (("python", "python3"), "", "python3"),
        (("python",), "", "python"),
        (("python3", "own"), "own", "own"),
        (("python3",), "absent", "python3"),
    ],
)
def test_start_picks_an_interpreter(bin_folder: Path, there: tuple[str, ...], interpreter: str, chosen: str) -> None:
    for name in there:
        put_python(bin_folder, name)
    assert start_in(bin_folder, interpreter).stdout == f"{chosen} -I -S -c {'0' * 64}\n"


def test_start_without_a_python_says_so_and_ends_with_127(bin_folder: Path) -> None:
    done = start_in(bin_folder, "")
    assert done.returncode == 127
    assert (bin_folder / "log").read_text().startswith(NO_PYTHON)


@pytest.mark.parametrize("there", ["the archive", "another", "no archive", "nothing"])
def test_start_runs_no_other_archive_than_the_one_the_job_names(bin_folder: Path, there: str) -> None:
    def archive(line: str) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as out:
            out.writestr("beside.py", f"print({line!r})")
            out.writestr(
                "__main__.py", "import sys, beside; raise SystemExit(7 if sys.argv[0].endswith('.pyz') else 8)"
            )
        return buffer.getvalue()

    right = archive("ours")
    if there != "nothing":
        held = {
            "the archive": zlib.compress(right),
            "another": zlib.compress(archive("other code")),
            "no archive": right,
        }
        (bin_folder / "step.pyz.zlib").write_bytes(held[there])
    done = start_in(bin_folder, sys.executable, digest_of_bytes(right))
    if there == "the archive":
        assert (done.returncode, done.stdout, done.stderr) == (7, "ours\n", "")
        return
    assert (done.returncode, done.stdout) == (126, "")
    assert (bin_folder / "log").read_text().startswith(OTHER_ARCHIVE)
    assert done.stderr.startswith(OTHER_ARCHIVE)
