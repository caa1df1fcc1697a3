"""Submission from a step's process: it asks the controller of its run, and waits for the answer."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...data.masking import masked_lines
from ...errors import BadInput, ObjectMissing, StoreDenied
from ...model.digest import canonical_json
from ...model.document import to_document
from ...model.run_request import RequestAnswer, RequestId, RunRequest
from ...model.stored_documents import read_document
from ...operations.values import DEFAULT_SERVER, ServerFacts
from .refused_in_step import RefusedInStep
from .step_folder import step_context

if TYPE_CHECKING:
    from ...data.masking import Hidden
    from ...model.context import StepContext
    from ...model.published import ParameterValues, PublishedRecord
    from ...operations.values import Request
    from ...ports import ObjectStore

PATIENCE = 600.0
"""Seconds to wait for the answer."""
_PAUSE = 0.5


class SubmittingByRequest(RefusedInStep, ABC):
    """The part of a step's `Session` that submits published pipelines, and knows the server that does so too."""

    _hidden: Hidden

    @property
    @abstractmethod
    def store(self) -> ObjectStore:
        """The workspace store."""

    def server_facts(self) -> ServerFacts:
        """Return the address and the token that the step's environment variables name; the token of no file."""
        url = os.environ.get("RUNNER_SERVER_URL", "").rstrip("/")
        return ServerFacts(url or DEFAULT_SERVER, os.environ.get("RUNNER_TOKEN", "").strip())

    def submit_published(
        self,
        record: PublishedRecord,
        values: ParameterValues,
        request: Request,
        *,
        run: str = "",
        ignore_unknown: bool = False,
        parse_texts: bool = False,
        continue_on_step_failure: bool | None = None,
    ) -> str:
        """Have the controller of this step's run submit a published pipeline, and return the run's id.

        Args:
            record: The published pipeline.
            values: Values of its parameters; the others keep their defaults.
            request: Experiment, tags and the like; its parameters are not used.
            run, ignore_unknown, parse_texts: Not used: nothing in a step passes them.
            continue_on_step_failure: Whether steps that do not need a failed one still run. None: as published.

        Raises:
            BadInput: The controller refuses, or does not answer.

        """
        wanted = RunRequest(
            pipeline=record.id,
            experiment=request.experiment,
            values=values,
            tags=request.tags,
            parent=request.parent,
            kind=request.kind,
            source=request.source,
            continue_on_step_failure=continue_on_step_failure,
            regenerate_outputs=request.regenerate_outputs,
        )
        store = self.store  # opening it completes the hidden values
        return submit_by_controller(store, step_context(), self._hidden, wanted)


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
    token = "-".join(filter(None, (step.execution, os.urandom(8).hex())))
    own = RequestId(step.run, step.key, step.attempt, token)
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
