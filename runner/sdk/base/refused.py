"""The parts of v1 that can be imported but not used: each says so in one line when constructed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn, cast

from .exceptions import NotOffered
from .open_datasets import SOURCES

_LATER = "it comes in a later version"
_AZURE = "it needs an Azure service"
_TRAIN = "train with a library such as scikit-learn or FLAML in a PythonScriptStep"
_QUERY = "do the query in a PythonScriptStep"
_SERVE = "serve the model yourself"
_CLUSTER = "name a Kubernetes cluster in the configuration"
_SEARCH = "use HyperDriveConfig and HyperDriveRun"
_DOWNLOAD = "download the data once and make a Dataset of the files"
_BUCKET = "name the bucket or folder that holds the data in the configuration"
_WHY = {
    **dict.fromkeys(("AutoMLConfig", "AutoMLStep", "AutoMLStepRun", "AutoMLRun"), (_AZURE, _TRAIN)),
    "DatabricksStep": (_AZURE, "run the notebook's code in a PythonScriptStep"),
    "SynapseSparkStep": (_AZURE, "run local Spark in a PythonScriptStep"),
    "AzureBatchStep": (_AZURE, "run the program by a CommandStep"),
    **dict.fromkeys(("AdlaStep", "KustoStep", "SqlDataReference"), (_AZURE, _QUERY)),
    **dict.fromkeys(
        (
            "RemoteTarget",
            "LinkedService", "SynapseWorkspaceLinkedServiceConfiguration", "PrivateEndPoint", "PrivateEndPointConfig",
        ),
        (_AZURE, _CLUSTER),
    ),
    **dict.fromkeys(
        (
            "Webservice", "AciWebservice", "AksWebservice", "AksEndpoint", "LocalWebservice", "InferenceConfig",
            "ContainerImage", "Image", "ModelPackage",
        ),
        (_AZURE, _SERVE),
    ),
    **dict.fromkeys(
        (
            "AzureDataLakeDatastore", "AzureDataLakeGen2Datastore", "AzureSqlDatabaseDatastore",
            "AzurePostgreSqlDatastore", "AzureMySqlDatastore", "DBFSDatastore", "HDFSOutputDatasetConfig",
            "LinkFileOutputDatasetConfig", "LinkTabularOutputDatasetConfig",
        ),
        (_AZURE, _BUCKET),
    ),
    "SampleDatasets": ("it downloads from an Azure service", _DOWNLOAD),
    **{
        name: ("it downloads from an Azure service", f"make a Dataset of the files from their source: {source}")
        for name, source in SOURCES.items()
    },
}  # fmt: skip


_ELSE = (_LATER, "use PythonScriptStep or CommandStep")
_NONE = "runner has no part of it"
_EXPLAIN = (_NONE, "use the packages interpret-community, responsibleai or fairlearn in a PythonScriptStep")
_AREAS: tuple[tuple[str, tuple[str, str]], ...] = (
    *((f"azureml.{name}", (_AZURE, _TRAIN)) for name in ("train.automl", "automl", "training", "contrib.automl")),
    *((f"azureml.{name}", _EXPLAIN) for name in ("interpret", "explain", "contrib.explain", "contrib.interpret")),
    *((f"azureml.{name}", _EXPLAIN) for name in ("responsibleai", "contrib.fairness")),
    *(
        (f"azureml.{name}", (_AZURE, _SERVE))
        for name in (
            "core.webservice", "core.image", "core.profile", "core.model", "contrib.services", "contrib.functions",
            "contrib.mir", "contrib.iot", "contrib.server", "contrib.brainwave", "accel", "_model_management",
        )
    ),
    *((f"azureml.{name}", ("it downloads from an Azure service", _DOWNLOAD)) for name in ("opendatasets",
                                                                                          "contrib.opendatasets")),
    *(
        (f"azureml.{name}", (_NONE, "compare the data in a PythonScriptStep, and run the pipeline from cron"))
        for name in ("datadrift", "contrib.datadrift")
    ),
    ("azureml.mlflow", (_NONE, "set MLFLOW_TRACKING_URI to an MLflow server of yours")),
    ("azureml.contrib.run", (_NONE, "set MLFLOW_TRACKING_URI to an MLflow server of yours")),
    ("azureml.dataprep", (_NONE, "read the files with pandas, or through azureml.core.Dataset")),
    ("azureml.fsspec", (_NONE, "read the files with pandas, or through azureml.core.Dataset")),
    ("azureml.contrib.reinforcementlearning", (_NONE, "run Ray in a PythonScriptStep")),
    ("azureml.tensorboard", (_NONE, "call tensorboard --logdir on the run's logs/")),
    ("azureml.contrib.tensorboard", (_NONE, "call tensorboard --logdir on the run's logs/")),
    ("azureml.train.hyperdrive", (_NONE, _SEARCH)),
    ("azureml.train.restclients", (_NONE, _SEARCH)),
    ("azureml.train.widgets", (_NONE, "use azureml.widgets.RunDetails")),
    ("azureml._", (_AZURE, "use the public classes of azureml.core")),
    ("msrest", (_AZURE, "use the public classes of azureml.core")),
)  # fmt: skip
"""The first that a module's name begins with has the reason and the remedy of all its names."""


def refusing(what: str, why: str, remedy: str) -> Callable[..., NoReturn]:
    """Return a method or function of v1 that refuses in one line.

    Args:
        what: The name in v1.
        why: The reason.
        remedy: What to do instead.

    """

    def refuse(*_arguments: object, **_options: object) -> NoReturn:
        raise NotOffered(f"{what} is not offered: {why}", remedy=remedy)

    refuse.__doc__ = f"Refuse: {why}."
    return refuse


class Refused:
    """The base class of stand-ins: it raises NotOffered when it is constructed or a class method is called.

    Raises:
        NotOffered: Always.

    """

    refusal: tuple[str, str, str]
    """The name in v1, the reason, and what to do instead."""

    def __init__(self, *_arguments: object, **_options: object) -> None:
        name, reason, remedy = type(self).refusal
        raise NotOffered(f"{name} is not offered: {reason}", remedy=remedy)


class _RefusingMeta(type):
    refusal: tuple[str, str, str]

    def __getattr__(cls, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        refused_name, reason, remedy = cls.refusal
        raise NotOffered(f"{refused_name}.{name} is not offered: {reason}", remedy=remedy)


def refused(name: str, area: tuple[str, str] = _ELSE) -> type[Refused]:
    """Return the stand-in for a name of v1 that is not offered; the same one each time.

    Args:
        name: The name in v1.
        area: The reason and the remedy, unless the name has its own. Default: those of unknown names.

    """
    return _stand_in(name, *_WHY.get(name, area))


@lru_cache(maxsize=None)
def _stand_in(name: str, reason: str, remedy: str) -> type[Refused]:
    body = {"__doc__": f"Not offered: {reason}; {remedy}.", "refusal": (name, reason, remedy)}
    return cast("type[Refused]", _RefusingMeta(name, (Refused,), body))


def area_of(module: str) -> tuple[str, str]:
    """Return the reason and the remedy for the names of a module of v1.

    Args:
        module: The module.

    """
    return next((why for prefix, why in _AREAS if module.startswith(prefix)), _ELSE)
