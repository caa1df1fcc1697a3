"""Submission from a step's process: it asks the controller of its run, and waits for the answer."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...data.masking import masked_lines
from ...errors import BadInput, ObjectMissing, StoreDenied
from ...model.digest import canonical_json
from ...model.document import to_document
from ...model.run_request import RequestAnswer, RequestId, RunRequest
from ...model.stored_documents import read_document

if TYPE_CHECKING:
    from ...model.context import StepContext
    from ...ports import ObjectStore

PATIENCE = 600.0
"""Seconds to wait for the answer."""
_PAUSE = 0.5


def submit_by_controller(
    store: ObjectStore, step: StepContext, hidden: Sequence[bytes], request: RunRequest, patience: float = PATIENCE
) -> str:
    """Have the controller of this step's run submit a run, and return its id.

    Args:
        store: The workspace store.
        step: The step of this process.
        hidden: The values that must not be in a store.
        request: The published pipeline, with the options of the run.
        patience: Seconds to wait for the answer.

    Raises:
        BadInput: The controller refuses, or does not answer.

    """
    where = "a step's process"
    data = canonical_json(to_document(request))
    if masked_lines(data, hidden) != data:
        raise BadInput(
            "a parameter, a tag or the experiment's name has the value of a secret in it, and the records of runs are "
            "stored in clear",
            where,
            "let the steps of the pipeline read the secret by its name",
        )
    own = RequestId(step.run, step.key, step.attempt, os.urandom(8).hex())
    try:
        store.put(own.request, data)
    except StoreDenied as error:
        raise BadInput(f"this step's keys cannot ask for a run: {error}", where) from error
    answer = _answer(store, own, patience)
    if answer is None:
        store.delete(own.request)
        raise BadInput(
            f"the controller of run {step.run} has not answered within {patience:.0f} s, so it is unknown if the "
            "pipeline was submitted",
            where,
            f"see if it drives the run: runner status {step.run}; and if there is a new one: runner list",
        )
    if answer.problems and answer.submitted:
        said = "; ".join(str(one.problem) for one in answer.problems)
        remedy = f"runner resume {answer.submitted}"
        raise BadInput(f"run {answer.submitted} is submitted, and no controller drives it: {said}", where, remedy)
    if answer.problems:
        raise BadInput(one.problem for one in answer.problems)
    return answer.submitted


def _answer(store: ObjectStore, own: RequestId, patience: float) -> RequestAnswer | None:
    end = time.monotonic() + patience
    while True:
        last = time.monotonic() >= end
        try:
            return read_document(RequestAnswer, store.get(own.answer), own.answer)
        except ObjectMissing:
            if last:
                return None
        time.sleep(_PAUSE)
