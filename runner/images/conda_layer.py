"""The layer of an image with the packages that only conda has: the base image's own conda installs them (pure)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

_CONDA_FORGE = ("conda-forge",)
"""The channel of an environment that names none. micromamba has no channel of its own."""
_NO_DEFAULTS = "nodefaults"
"""The name by which a conda file excludes the channels of conda's configuration."""
# A failed build prints the command, too. So the message has a variable, which only its output replaces.
_SCRIPT = """\
tools='micromamba, mamba, conda'; \\
    tool=$(command -v micromamba || command -v mamba || command -v conda) \\
    || {{ echo "runner: the base image has none of $tools" >&2; exit 1; }}; \\
    python=$(command -v python3 || command -v python || true); \\
    prefix=$([ -z "$python" ] || "$python" -c 'import sys; print(sys.prefix)'); \\
    if [ -d "$prefix/conda-meta" ]; then set -- --prefix "$prefix"; else set -- --name base; fi; \\
    [ -n "$python" ] || set -- "$@" python={python}; \\
    "$tool" install --yes {channels} "$@" {packages} && "$tool" clean --all --yes"""
"""Installs into the conda environment of the image's Python, else into `base`; an image without Python gets one."""


def conda_layer(packages: Sequence[str], channels: Sequence[str], python: str) -> list[str]:
    """Return the instructions of a Dockerfile that install conda's packages.

    Args:
        packages: Conda match specifications.
        channels: The channels of the environment, the first one first. Empty: conda-forge.
        python: The version for an image that has no Python, like ``3.11``.

    """
    named = [f"--channel {shlex.quote(each)}" for each in channels or _CONDA_FORGE if each != _NO_DEFAULTS]
    options = [*(["--override-channels"] if _NO_DEFAULTS in channels else []), *named]
    script = _SCRIPT.format(python=python, channels=" ".join(options), packages=shlex.join(packages))
    return [
        "USER root",
        'ENV MAMBA_ROOT_PREFIX="${MAMBA_ROOT_PREFIX:-/opt/conda}"',
        'ENV PATH="${PATH}:${MAMBA_ROOT_PREFIX}/bin"',
        f"RUN {script}",
    ]
