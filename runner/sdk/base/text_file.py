"""Reading of files that drivers name: requirements, conda files, run configurations, Dockerfiles."""

from __future__ import annotations

from pathlib import Path

from ...backports import without_prefix
from ...documents import files
from ...errors import BadInput
from .exceptions import UserErrorException


def text_file(path: Path, what: str) -> str:
    """Return the text of a file.

    Args:
        path: The file.
        what: The kind of file, for messages.

    Raises:
        UserErrorException: It is absent, no regular file, too large, or not UTF-8 text.

    """
    try:
        found = files.text(path)
    except BadInput as error:
        (problem,) = error.problems
        why = without_prefix(problem.what, "cannot be read: ")
        raise UserErrorException(f"{what} {str(path)!r} cannot be read: {why}", error, remedy=problem.remedy) from error
    if found is None:
        raise UserErrorException(f"{what} {str(path)!r} cannot be read: No such file or directory")
    return found
