"""What is configured: the workspace's ``runner.yaml`` over the machine-wide file.

Nothing needs configuring: without files a workspace is ``./.runner`` and its one target, ``local``,
is this machine.
"""

from .loading import find_root, load, machine_file
from .settings import (
    LOCAL,
    Config,
    EnvironmentConfig,
    KubernetesConfig,
    ProcessConfig,
    ProxyConfig,
    TargetConfig,
    unknown_target,
)

__all__ = [
    "LOCAL",
    "Config",
    "EnvironmentConfig",
    "KubernetesConfig",
    "ProcessConfig",
    "ProxyConfig",
    "TargetConfig",
    "find_root",
    "load",
    "machine_file",
    "unknown_target",
]
