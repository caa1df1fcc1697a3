"""Put v1's packages on the import path: `runner.azureml.install()`."""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGE = Path(__file__).parent
_COMPAT = _PACKAGE / "compat"
# Unpacked beside a user's own `runner`, the package has v1's names next to it.
_FOLDER = str(_COMPAT if _COMPAT.is_dir() else _PACKAGE.parent)


def install() -> None:
    """Make ``import azureml`` find runner's, before any other. Calling it again changes nothing."""
    from .sdk.v1_names import install as install_names

    install_names()
    if _FOLDER in sys.path:
        sys.path.remove(_FOLDER)
    sys.path.insert(0, _FOLDER)
