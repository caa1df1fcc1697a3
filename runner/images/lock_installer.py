"""Installer of a lock. It runs inside the base image during a build, with the image's own Python (3.8 or newer).

It brings uv in, installs the lock with it, and leaves nothing of uv behind. Where uv cannot be had (an index without
it, a processor without a wheel of it), the image's own pip installs the same lock with the same checks, only slower.
The settings of the base image's pip count in both cases.

The build context has this file and `pip_settings`, in two folders as here. Beyond that, they import the standard
library alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..environments.pip_settings import read_settings, uv_variables

_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
_UV = {"UV_LINK_MODE": "copy", "UV_COMPILE_BYTECODE_TIMEOUT": "600"}
"""Variables of uv: the cache is another file system; a busy machine may need long for a large file."""
_INDEX = ("-i ", "--index-url")
_TRUSTED = re.compile(r"^--trusted-host[ =]+(\S+)")
_NAME = re.compile(r"^[A-Za-z0-9][\w.-]*")
_DATE_REFUSED = (b"exclude-newer", b"upload date")
"""Parts of uv's messages about a locked file that is newer here than the date, or has none."""


def install(home: Path, version: str) -> int:
    """Install the lock. Return the exit code of the program that installed it.

    Args:
        home: A folder with the requirements file ``lock.txt``, the date of the lock in ``until.txt``, and with
            ``wheels`` if some come along.
        version: The version of uv.

    """
    lines = (home / "lock.txt").read_text(encoding="utf-8").splitlines()
    options = (*_checks(lines), *_wheels(home / "wheels"), "-r", str(home / "lock.txt"))
    with tempfile.TemporaryDirectory() as folder:
        uv = _uv(folder, version)
        if uv is not None:
            variables = {**_UV, **_settings(lines), **os.environ, "TMPDIR": folder}
            command = [uv, "pip", "install", *_uv_options(), *_trusted(lines), *options]
            date = _until(home / "until.txt")
            heard: list[bytes] = []
            code = _run([*command, *date], variables, heard)
            if code and date and any(part in line for part in _DATE_REFUSED for line in heard):
                return _run([*command, *date, *_exempt(lines)], variables, heard)
            return code
    sys.stdout.write("uv cannot be installed here; pip installs the packages\n")
    sys.stdout.flush()
    return _run([*_PIP, "install", *_pip_options(), *options], os.environ, [])


def _checks(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the options that forbid other packages, and other files unless a package has no hash (a commit)."""
    hashed = all("--hash=" in line for line in lines if not line.startswith("-"))
    return ("--no-deps", *(["--require-hashes"] if hashed else []))


def _wheels(folder: Path) -> tuple[str, ...]:
    return ("--find-links", str(folder)) if folder.is_dir() else ()


def _until(file: Path) -> tuple[str, ...]:
    """Return the option that limits what builds of source packages need to the date of the lock."""
    date = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    return ("--exclude-newer", f"{date}T23:59:59Z") if date else ()


def _exempt(lines: Sequence[str]) -> list[str]:
    """Return the options with which the date does not count for the locked packages."""
    names = (match[0] for match in map(_NAME.match, lines) if match)
    return [f"--exclude-newer-package={name}=false" for name in names]


def _trusted(lines: Sequence[str]) -> list[str]:
    """Return the options for trusted hosts, which uv does not read in a requirements file."""
    hosts = (match[1] for match in map(_TRUSTED.match, lines) if match)
    return [part for host in hosts for part in ("--allow-insecure-host", host)]


def _settings(lines: Sequence[str]) -> dict[str, str]:
    """Return the settings of the image's pip as variables of uv. The lock's own index precedes, as it does in pip."""
    found = uv_variables(read_settings())
    if any(line.startswith(_INDEX) for line in lines):
        found.pop("UV_DEFAULT_INDEX", None)
    return found


def _uv_options() -> tuple[str, ...]:
    cache = () if "UV_CACHE_DIR" in os.environ else ("--no-cache",)
    # An index may lack a version that another one has. The hashes decide which file is the right one.
    order = ("--index-strategy", "unsafe-best-match")
    return ("--python", sys.executable, "--break-system-packages", "--compile-bytecode", *order, *cache)


def _run(command: Sequence[str], variables: Mapping[str, str], heard: list[bytes]) -> int:
    """Run a program and return its exit code. Its output is passed on in whole lines: builders show each write.

    Args:
        command: The program and its arguments.
        variables: Its environment.
        heard: The list to which the lines of its output are added.

    """
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=variables) as process:
        for line in process.stdout or ():
            heard.append(line)
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
    return process.returncode


def _uv(folder: str, version: str) -> str | None:
    """Return the program uv, installed into a folder; None: this image cannot have it."""
    options = [*_pip_options(), "--no-compile", "--no-deps", "--only-binary", ":all:", "--target", folder]
    command = [*_PIP, "--quiet", "install", *options, f"uv=={version}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    program = Path(folder, "bin", "uv")
    if done.returncode == 0 and subprocess.call([str(program), "--version"], stdout=subprocess.DEVNULL) == 0:
        return str(program)
    return None


def _pip_options() -> tuple[str, ...]:
    return ("--progress-bar", "off", *([] if "PIP_CACHE_DIR" in os.environ else ["--no-cache-dir"]))


def moved(expected: str) -> str:
    """Return the reason why the lock does not fit this Python; empty: it does.

    Args:
        expected: The minor version for which the lock was made, like ``3.11``.

    """
    version = sys.version.split()[0]
    if f"{version}.".startswith(f"{expected}."):
        return ""
    return f"runner: the base image has Python {version} now, and the lock was made for {expected}"


def main() -> int:
    """Install the lock of the build context and clean up. The command line names the versions of uv and Python."""
    version, expected = sys.argv[1:]
    os.environ.update(PIP_BREAK_SYSTEM_PACKAGES="1", PIP_ROOT_USER_ACTION="ignore")
    home, reason = Path(__file__).parents[2], moved(expected)
    if reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    code = install(home, version)
    shutil.rmtree(str(home), ignore_errors=True)  # a mount of BuildKit cannot be deleted, and leaves nothing anyway
    return code


if __name__ == "__main__":
    sys.exit(main())
