"""The script that installs conda's packages, run with programs that print their arguments."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from runner.images.build_failure import explain
from runner.images.conda_layer import conda_layer


@pytest.mark.parametrize(
    ("tools", "conda_python", "expected"),
    [
        (("micromamba", "conda"), None, "micromamba install --yes --channel c --name base python=3.11 ffmpeg"),
        (("conda",), False, "conda install --yes --channel c --name base ffmpeg"),
        (("conda", "mamba"), True, "mamba install --yes --channel c --prefix {prefix} ffmpeg"),
    ],
)
def test_the_script_takes_the_conda_of_the_image(
    tmp_path: Path, tools: tuple[str, ...], conda_python: bool | None, expected: str
) -> None:
    prefix = tmp_path / "my prefix"
    for tool in tools:
        program(tmp_path / tool, f'echo {tool} "$@"')
    if conda_python is not None:
        program(tmp_path / "python3", f"echo '{prefix}'")
        (prefix / "conda-meta" if conda_python else prefix).mkdir(parents=True)
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert (first, second.split()[1:]) == (expected.format(prefix=prefix), ["clean", "--all", "--yes"])


def test_a_base_without_conda_fails_in_words(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 1
    assert "the base image has none of micromamba, mamba, conda, and" in explain("no image", done.stderr.splitlines())
    assert "none of" not in explain("no image", script().splitlines()[:3]).partition("\n")[0], "the echoed command"


def script() -> str:
    """Return the shell script of the layer."""
    (found,) = re.findall(r"^RUN (.*)", "\n".join(conda_layer(("ffmpeg",), ("c",), "3.11")), re.MULTILINE | re.DOTALL)
    return str(found)


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with the programs of a folder alone."""
    return subprocess.run(
        ["/bin/sh", "-e", "-c", script()], env={"PATH": os.fspath(folder)}, capture_output=True, text=True, check=False
    )


def program(path: Path, text: str) -> None:
    """Write a shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
