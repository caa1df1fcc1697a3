"""How a lack of room on a disk shows."""

from __future__ import annotations

import errno

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The errors of a full disk, and of a quota that is used up."""


def lacks_room(error: Exception) -> bool:
    """Whether that is what an error of a store comes from."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in NO_ROOM
