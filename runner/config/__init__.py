"""Configuration: the workspace's ``runner.yaml`` over the file of the machine.

Nothing needs configuring: without files a workspace is ``./.runner`` and its one target, ``local``,
is this machine.
"""

from .loading import find_root, load, machine_file
from .serve import ServeConfig
from .settings import (
    LOCAL,
    Config,
    EnvironmentConfig,
    KeepConfig,
    unknown_target,
)
from .target import TargetConfig, TargetContext, TargetTypes

__all__ = [
    "LOCAL",
    "Config",
    "EnvironmentConfig",
    "KeepConfig",
    "ServeConfig",
    "TargetConfig",
    "TargetContext",
    "TargetTypes",
    "find_root",
    "load",
    "machine_file",
    "unknown_target",
]
