"""The step folder of this process: the one reader of its ``context.json``."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ...model.context import STEP_VARIABLE, StepContext
from ...model.document import from_document
from .exceptions import UserErrorException


def step_folder() -> Path:
    """Return the folder that the environment names. Raises KeyError outside a step."""
    return Path(os.environ[STEP_VARIABLE])


def step_context() -> StepContext:
    """Return what the process may know of its step.

    Raises:
        KeyError: The process belongs to no step.
        UserErrorException: The file is absent or damaged.

    """
    folder = step_folder()
    try:
        return from_document(StepContext, json.loads((folder / "context.json").read_bytes()))
    except (OSError, ValueError) as error:
        raise UserErrorException(f"the step folder {folder} cannot be read: {error}", error) from error
