"""Reading the files that drivers name: requirements, conda files, run configurations, Dockerfiles."""

from __future__ import annotations

from pathlib import Path

from ..documents import files
from ..errors import BadInput
from .exceptions import UserErrorException


def text_file(path: Path, what: str) -> str:
    """The text of a file.

    Args:
        path: The file.
        what: How the file is called in the error.

    Raises:
        UserErrorException: It is absent, no regular file, too large, or not UTF-8 text.
    """
    try:
        found = files.text(path)
    except BadInput as error:
        (problem,) = error.problems
        why = problem.what.removeprefix("cannot be read: ")
        raise UserErrorException(f"{what} {str(path)!r} cannot be read: {why}", error, remedy=problem.remedy) from error
    if found is None:
        raise UserErrorException(f"{what} {str(path)!r} cannot be read: No such file or directory")
    return found
