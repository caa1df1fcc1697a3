"""Export of a conda environment of this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping

from ..base.exceptions import UserErrorException

_SECONDS = 120


def exported(name: str) -> Mapping[str, object]:
    """Return the ``conda.yml`` of the packages that an environment was made from.

    Args:
        name: The environment's name.

    Raises:
        UserErrorException: conda is not installed, or has no such environment.

    """
    conda = shutil.which("conda")
    if conda is None:
        raise _cannot(name, "there is no program 'conda' on this machine")
    command = [conda, "env", "export", "--from-history", "--json", "--name", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        document = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise _cannot(name, str(error)) from error
    if not isinstance(document, dict):
        raise _cannot(name, done.stderr.strip().rpartition("\n")[2] or f"conda ended with {done.returncode}")
    return document


def _cannot(name: str, why: str) -> UserErrorException:
    return UserErrorException(
        f"conda environment {name!r} cannot be read: {why}",
        remedy="write its packages into a conda.yml and use Environment.from_conda_specification",
    )
