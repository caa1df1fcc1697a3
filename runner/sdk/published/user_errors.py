"""Errors of published pipelines as v1's users catch them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import BadInput
from ...plan.data_parameters import WHERE
from ..base.exceptions import AzureMLException, PipelineInvalid, UserErrorException


@contextmanager
def user_errors() -> Iterator[None]:
    """Yield once, and raise an exception of v1 with the problems of a BadInput.

    Raises:
        PipelineInvalid: (a ValueError) Inside, a BadInput about values of parameters was raised.
        UserErrorException: Inside, another BadInput that is no exception of v1 was raised.

    """
    try:
        yield
    except (AzureMLException, PipelineInvalid):
        raise
    except BadInput as error:
        if all(problem.where == WHERE for problem in error.problems):
            raise PipelineInvalid(error.problems) from error
        raised = UserErrorException(str(error), error)
        raised.problems = error.problems
        raise raised from error
