"""azureml.core: the names most drivers import."""

from __future__ import annotations

from pkgutil import extend_path

from runner.sdk import VERSION, shown_in
from runner.sdk.base.stdlib_names import reach

from .. import data as _data  # noqa: F401 - `import azureml.core` makes azureml.data reachable, as the real one does

_NAMES = (
    "ComputeTarget",
    "CondaDependencies",
    "ContainerRegistry",
    "Dataset",
    "Datastore",
    "Environment",
    "Experiment",
    "Image",
    "Keyvault",
    "Model",
    "Run",
    "RunConfiguration",
    "ScriptRunConfig",
    "VERSION",
    "Webservice",
    "Workspace",
    "get_run",
)
__all__ = list(_NAMES)
__version__ = VERSION
__getattr__ = shown_in(__name__, _NAMES)
__path__ = extend_path(__path__, __name__)
reach()
