"""v1's exceptions (``azureml.exceptions``), standing on runner's own tree.

::

    RunnerError
    └── AzureMLException
        ├── UserErrorException (is a BadInput)
        │   ├── AuthenticationException
        │   └── NotOffered (is a NotImplementedError)
        ├── ComputeTargetException (is a BadInput)
        ├── ExperimentExecutionException, ActivityFailedException, ActivityCanceledException
        └── SnapshotException, RunConfigurationException, WorkspaceException, ModelNotFoundException …
    BadInput
    └── PipelineInvalid (is a ValueError: what v1 raises for a graph that cannot run)
"""

from __future__ import annotations

from ...errors import BadInput, Problem, RunnerError


class AzureMLException(RunnerError):
    """The root of v1's exceptions.

    Args:
        exception_message: The message. Default: empty.
        inner_exception: The cause. None: none.

    """

    def __init__(self, exception_message: str = "", inner_exception: BaseException | None = None) -> None:
        super().__init__(exception_message)
        self.message = exception_message
        self.inner_exception = inner_exception


class _Faulty(AzureMLException, BadInput):
    """An exception of v1 with the place of the fault and a remedy."""

    def __init__(
        self,
        exception_message: str = "",
        inner_exception: BaseException | None = None,
        *,
        where: str = "",
        remedy: str = "",
    ) -> None:
        problem = Problem(exception_message, where, remedy)
        super().__init__(str(problem), inner_exception)
        self.message = exception_message
        self.problems = (problem,)


class UserErrorException(_Faulty):
    """The user's request cannot be carried out."""


class AuthenticationException(UserErrorException):
    """The workspace refused the credentials."""


class NotOffered(UserErrorException, NotImplementedError):
    """A part of v1 that `runner` does not have."""


class ComputeTargetException(_Faulty):
    """There is no such compute target, or it cannot be made."""


class ExperimentExecutionException(AzureMLException):
    """Waiting for a run was interrupted; the run goes on."""


class ActivityFailedException(AzureMLException):
    """A run failed; the message has the last lines of the failed steps' output.

    Args:
        error_details: The message. Default: empty.
        inner_exception: The cause. None: none.

    """

    def __init__(self, error_details: str = "", inner_exception: BaseException | None = None) -> None:
        super().__init__(error_details, inner_exception)
        self.error_details = error_details


class ActivityCanceledException(AzureMLException):
    """A run was canceled."""


class RunEnvironmentException(AzureMLException):
    """There is no submitted run around this process."""


class SnapshotException(_Faulty):
    """A snapshot cannot be taken or restored."""


class RunConfigurationException(_Faulty):
    """A run configuration contradicts itself."""


class WorkspaceException(_Faulty):
    """The workspace cannot be opened."""


class ProjectSystemException(_Faulty):
    """There is no workspace configuration at the given place."""


class WebserviceException(AzureMLException):
    """Deployment as a web service, which `runner` does not offer."""


class ModelNotFoundException(_Faulty, WebserviceException):
    """No model of that name, version or id is registered. v1 raises a WebserviceException that says ModelNotFound.

    Args:
        exception_message: The message. Default: empty.
        inner_exception: The cause. None: none.

    """

    def __init__(self, exception_message: str = "", inner_exception: BaseException | None = None) -> None:
        super().__init__(f"ModelNotFound: {exception_message}", inner_exception)


class ModelPathNotFoundException(_Faulty):
    """The path given for a model does not exist."""


class DatasetTimestampMissingError(_Faulty):
    """A time filter was asked of a dataset without timestamp columns."""


class TrainingException(AzureMLException):
    """Submitting or running a training script failed."""


class HyperDriveException(_Faulty):
    """A search over hyperparameters cannot be configured or read."""


class HyperDriveConfigException(HyperDriveException):
    """The configuration of a search over hyperparameters contradicts itself."""


class HyperDriveScenarioNotSupportedException(HyperDriveConfigException):
    """A search over hyperparameters does not do this."""


class HyperDriveNotImplementedException(HyperDriveScenarioNotSupportedException):
    """A run of a search does not have this method."""


class PipelineInvalid(BadInput, ValueError):
    """The graph cannot run. The exception has every problem with its place."""


class DataParameterInvalid(PipelineInvalid, TypeError):
    """A parameter that stands for data was given something else, for which v1 raises a TypeError."""
