"""The one place that knows every concrete adapter: from configuration to an open workspace."""

from .controllers import cache_folder
from .workspace import OpenWorkspace, SystemClock, open_session

__all__ = ["OpenWorkspace", "SystemClock", "cache_folder", "open_session"]
