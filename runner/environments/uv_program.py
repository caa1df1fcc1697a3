"""The program uv, which resolves and installs packages. Its package brings the binary."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache

from ..dataclass import dataclass
from ..errors import EnvironmentFailed
from ..ports import Notify
from .pip_settings import read_settings, uv_variables

KEPT = 200
"""Lines of output that are kept for an error."""
_FOREIGN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "__PYVENV_LAUNCHER__")
"""Variables that would make uv look at another Python than the given one."""


@dataclass(frozen=True)
class Outcome:
    """The end of a run of uv."""

    code: int
    """Its exit code."""
    output: str
    """Its standard output. Empty if that was passed on line by line."""
    lines: tuple[str, ...]
    """The last lines of its standard error, or of both."""


@cache
def program() -> str:
    """Return the path of uv. Raises EnvironmentFailed if this installation has none."""
    try:
        import uv

        return os.fspath(uv.find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        remedy = "install it beside runner: python -m pip install uv"
        raise EnvironmentFailed(
            f"the program uv, which installs packages, is missing here ({error}); {remedy}"
        ) from error


@cache
def version() -> str:
    """Return the version of uv, like ``0.13.9``. Raises EnvironmentFailed."""
    done = subprocess.run([program(), "--version"], capture_output=True, text=True, check=False)
    return [*done.stdout.split(), "", ""][1]


def variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for uv: that of this process, the settings of pip on this machine, and `extra`.

    A variable of uv that is set precedes the setting of pip with the same meaning.
    """
    own = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {"UV_NO_PROGRESS": "1", "NO_COLOR": "1", **uv_variables(read_settings()), **own, **(extra or {})}


def run(
    arguments: Sequence[str],
    *,
    text: str = "",
    extra: Mapping[str, str] | None = None,
    seconds: float,
) -> Outcome:
    """Run uv to its end.

    Args:
        arguments: The command line after the program.
        text: Its standard input.
        extra: Further variables.
        seconds: The longest time. After it, the outcome has exit code 124.

    Raises:
        EnvironmentFailed: uv is missing, or cannot be started.

    """
    command = [program(), *arguments]
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, errors="replace", env=variables(extra),
            timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Outcome(124, "", (f"uv did not end within {seconds:.0f} s",))
    except OSError as error:
        raise EnvironmentFailed(f"{command[0]} cannot be started: {error}") from error
    return Outcome(done.returncode, done.stdout, tuple(done.stderr.splitlines()[-KEPT:]))


def stream(
    arguments: Sequence[str], notify: Notify, *, extra: Mapping[str, str] | None = None, inherit: Sequence[int] = ()
) -> Outcome:
    """Run uv to its end, and pass each line of its output on.

    Args:
        arguments: The command line after the program.
        notify: A function that gets a line at a time.
        extra: Further variables.
        inherit: File descriptors that uv inherits.

    Raises:
        EnvironmentFailed: uv is missing.
        OSError: uv cannot be started.

    """
    last: deque[str] = deque(maxlen=KEPT)
    with subprocess.Popen(
        [program(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=variables(extra),
        pass_fds=tuple(inherit),
    ) as process:
        for line in map(str.rstrip, process.stdout or ()):
            last.append(line)
            notify(line)
    return Outcome(process.returncode, "", tuple(last))
