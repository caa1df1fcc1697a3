"""The configuration of a workspace, with the compute targets and object stores that there are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .. import config
from ..compute.registry import TARGETS
from ..storage.registry import STORES


def load(start: Path, environ: Mapping[str, str] = os.environ) -> config.Config:
    """Return the configuration of the workspace around `start`, as `config.load` does. Raises BadInput."""
    return config.load(start, TARGETS, STORES, environ)
