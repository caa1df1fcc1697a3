"""Wheels that a workspace stores for environments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ..base.exceptions import UserErrorException

if TYPE_CHECKING:
    from ..base.session import Session
    from .conda_dependencies import Document


def add(session: Session, file_path: str, *, exist_ok: bool) -> str:
    """Store a wheel and return its address.

    Args:
        session: The open workspace.
        file_path: The wheel.
        exist_ok: True: a wheel of this name may be there.

    Raises:
        UserErrorException: There is no such file, it is no wheel, or there is a wheel of this name, or
            this is a step.

    """
    try:
        return session.add_wheel(Path(file_path), exist_ok=exist_ok)
    except BadInput as error:
        raise _user_error(error) from error


def without_paths(session: Session, conda: Document) -> Document:
    """Return a ``conda.yml`` whose local wheels are stored, and named by their addresses.

    Args:
        session: The open workspace.
        conda: The document.

    Raises:
        UserErrorException: A file that it names is no wheel, there is none, or this is a step.

    """
    listed = conda.get("dependencies")
    parts = [_stored(session, part) for part in listed] if isinstance(listed, list) else listed
    return {**conda, "dependencies": parts}


def _stored(session: Session, part: object) -> object:
    if not isinstance(part, dict):
        return part
    try:
        return {**part, "pip": [session.stored_line(line) for line in part["pip"]]}
    except BadInput as error:
        raise _user_error(error) from error


def _user_error(error: BadInput) -> UserErrorException:
    if isinstance(error, UserErrorException):
        return error
    (problem, *_) = error.problems
    return UserErrorException(problem.what, error, where=problem.where, remedy=problem.remedy)
