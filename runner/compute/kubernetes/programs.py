"""The command-line programs ``docker`` and ``kind``, which a local cluster needs."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from ...errors import BadInput, TargetError

REMEDIES: Mapping[str, str] = {
    "docker": "install Docker (https://docs.docker.com/engine/install/) and start it",
    "kind": "install kind (https://kind.sigs.k8s.io/docs/user/quick-start/#installation) and put it on the PATH",
}
_SHOWN_LINES = 12


def run_program(command: Sequence[str], *, given: str = "", seconds: float = 60) -> str:
    """Return the standard output of a program that reads `given`.

    Raises BadInput when it is not installed, TargetError when it fails or takes longer than `seconds`.
    """
    try:
        ended = subprocess.run(command, input=given, capture_output=True, text=True, timeout=seconds, check=False)
    except FileNotFoundError as error:
        name = command[0]
        raise BadInput(f"the program {name} is not installed", "PATH", REMEDIES.get(name, "")) from error
    except subprocess.TimeoutExpired as error:
        raise TargetError(f"{_shown(command)} did not end within {seconds:.0f} s") from error
    if ended.returncode:
        tail = "\n".join(ended.stderr.strip().splitlines()[-_SHOWN_LINES:])
        raise TargetError(f"{_shown(command)} failed with exit code {ended.returncode}\n{tail}")
    return ended.stdout


def engine_version() -> str:
    """Return the version of the Docker Engine. Raises BadInput when it does not answer."""
    try:
        return run_program(["docker", "version", "--format", "{{.Server.Version}}"], seconds=20).strip()
    except TargetError as error:
        raise BadInput("the Docker Engine does not answer", str(error), REMEDIES["docker"]) from error


def kind_clusters() -> tuple[str, ...]:
    """Return the names of all kind clusters of this machine. Raises TargetError."""
    return tuple(run_program(["kind", "get", "clusters", "--quiet"]).split())


def _shown(command: Sequence[str]) -> str:
    return " ".join(command[:3])
