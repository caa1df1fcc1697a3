"""The parts of v1 that can be imported but not used: each says so in one line when constructed."""

from __future__ import annotations

from functools import cache
from typing import cast

from .exceptions import NotOffered

_LATER = "it comes in a later version"
_AZURE = "it needs an Azure service"
_WHY = {
    "AutoMLConfig": (_AZURE, "train with a library such as scikit-learn or FLAML in a PythonScriptStep"),
    "AutoMLStep": (_AZURE, "train with a library such as scikit-learn or FLAML in a PythonScriptStep"),
    "DatabricksStep": (_AZURE, "run the notebook's code in a PythonScriptStep"),
    "SynapseSparkStep": (_AZURE, "run local Spark in a PythonScriptStep"),
    "AdlaStep": (_AZURE, "do the query in a PythonScriptStep"),
    "AzureBatchStep": (_AZURE, "run the program by a CommandStep"),
    "KustoStep": (_AZURE, "do the query in a PythonScriptStep"),
    "HDInsightCompute": (_AZURE, "name a Kubernetes cluster in the configuration"),
    "SqlDataReference": (_AZURE, "do the query in a PythonScriptStep"),
    "Webservice": (_AZURE, "serve the model yourself"),
    "AciWebservice": (_AZURE, "serve the model yourself"),
    "AksWebservice": (_AZURE, "serve the model yourself"),
    "InferenceConfig": (_AZURE, "serve the model yourself"),
    "PublishedPipeline": (_LATER, "keep the pipeline file and run it again"),
    "PipelineEndpoint": (_LATER, "keep the pipeline file and run it again"),
    "Schedule": (_LATER, "run the pipeline file from cron or CI"),
    "ScheduleRecurrence": (_LATER, "run the pipeline file from cron or CI"),
    "ParallelRunStep": (_LATER, "loop over the files in a PythonScriptStep"),
    "ParallelRunConfig": (_LATER, "loop over the files in a PythonScriptStep"),
}


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
