"""Builds with BuildKit, by the `docker buildx` command of this machine."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections import deque
from collections.abc import Mapping
from functools import cache
from tempfile import TemporaryFile

from ..errors import EnvironmentFailed
from ..model.redaction import redacted
from ..ports import Notify
from .build_failure import explain

_KEPT = 200
"""Lines of a build's output that are kept for its error."""
_BUILDER = "default"
"""The builder inside the engine: only this one sees the engine's images, and leaves what it builds there."""
_ASK = 20
"""Seconds to wait for an answer of the command."""


@cache
def available() -> bool:
    """Return True if this machine has the command with a builder inside its engine."""
    program = shutil.which("docker")
    if program is None:
        return False
    command = [program, "buildx", "inspect", _BUILDER]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ASK, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def build(image: str, context: io.BytesIO, labels: Mapping[str, str], notify: Notify, what: str) -> None:
    """Build and name an image in the local engine.

    Args:
        image: Its name and tag.
        context: The build context as a tar file.
        labels: Its labels.
        notify: Receives each line of the build's output.
        what: The action, for the message of an error.

    Raises:
        EnvironmentFailed: The build failed.

    """
    # `kind load` and some registries do not take the second manifest that a provenance makes.
    options = [part for name, value in labels.items() for part in ("--label", f"{name}={value}")]
    command = [
        "docker",
        "buildx",
        "build",
        "--builder",
        _BUILDER,
        "--load",
        "--provenance=false",
        "--progress",
        "plain",
    ]
    last: deque[str] = deque(maxlen=_KEPT)
    try:
        with TemporaryFile() as file:
            shutil.copyfileobj(context, file)
            file.seek(0)
            with subprocess.Popen(
                [*command, "--tag", image, *options, "-"], stdin=file, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            ) as process:
                for line in (redacted(line.decode(errors="replace")).rstrip() for line in process.stdout or ()):
                    last.append(line)
                    if line:
                        notify(line)
    except OSError as error:
        raise EnvironmentFailed(f"{what}: {error}") from error
    if process.returncode:
        raise EnvironmentFailed(explain(what, list(last)))
