"""The parts of v1 that can be imported but not used: each says so in one line when constructed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NoReturn, cast

from .exceptions import NotOffered

_LATER = "it comes in a later version"
_AZURE = "it needs an Azure service"
_TRAIN = "train with a library such as scikit-learn or FLAML in a PythonScriptStep"
_QUERY = "do the query in a PythonScriptStep"
_SERVE = "serve the model yourself"
_CLUSTER = "name a Kubernetes cluster in the configuration"
_LOOP = "loop over the files in a PythonScriptStep"
_SEARCH = "draw the values in the pipeline file and make a PythonScriptStep of each"
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
    **dict.fromkeys(
        (
            "Diabetes", "MNIST", "NoaaIsdWeather", "NycTlcFhv", "NycTlcGreen", "NycTlcYellow", "OjSalesSimulated",
            "PublicHolidays", "SampleDatasets", "UsPopulationZip",
        ),
        ("it downloads from an Azure service", _DOWNLOAD),
    ),
    **dict.fromkeys(("PublishedPipeline", "PipelineEndpoint", "PipelineDraft"),
                    (_LATER, "keep the pipeline file and run it again")),
    **dict.fromkeys(("Schedule", "ScheduleRecurrence", "TimeZone"), (_LATER, "run the pipeline file from cron or CI")),
    **dict.fromkeys(("ParallelRunStep", "ParallelRunConfig"), (_LATER, _LOOP)),
    **dict.fromkeys(("HyperDriveStep", "HyperDriveStepRun", "HyperDriveConfig", "HyperDriveRunConfig", "HyperDriveRun"),
                    (_LATER, _SEARCH)),
    "MpiStep": (_LATER, "start the processes from the script of one PythonScriptStep"),
    "RScriptStep": (_LATER, "call Rscript by a CommandStep"),
    "NotebookRunnerStep": (_LATER, "call jupyter nbconvert --execute by a CommandStep"),
    "NotebookRunConfig": (_LATER, "call jupyter nbconvert --execute by a CommandStep"),
}  # fmt: skip


def refusing(what: str, why: str, remedy: str) -> Callable[..., NoReturn]:
    """A method or function of v1 that refuses in one line."""

    def refuse(*_arguments: object, **_options: object) -> NoReturn:
        raise NotOffered(f"{what} is not offered: {why}", remedy=remedy)

    refuse.__doc__ = f"Refuse: {why}."
    return refuse


class Refused:
    """Base of the stand-ins: raises NotOffered when constructed or when a class method is called."""

    def __init__(self, *_arguments: object, **_options: object) -> None:
        raise _refusal(type(self).__name__)


class _RefusingMeta(type):
    def __getattr__(cls, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        raise _refusal(f"{cls.__name__}.{name}")


@cache
def refused(name: str) -> type[Refused]:
    """The stand-in for a class of v1 that is not offered; the same one each time."""
    made = _RefusingMeta(name, (Refused,), {"__doc__": f"Not offered: {'; '.join(_why(name))}."})
    return cast("type[Refused]", made)


def _refusal(name: str) -> NotOffered:
    reason, remedy = _why(name.partition(".")[0])
    return NotOffered(f"{name} is not offered: {reason}", remedy=remedy)


def _why(name: str) -> tuple[str, str]:
    return _WHY.get(name, (_LATER, "use PythonScriptStep or CommandStep"))
