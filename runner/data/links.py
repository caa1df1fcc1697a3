"""Links that a script left in an output which is kept where it was written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..errors import BadInput


def own(path: Path) -> None:
    """Replace every link at or below `path` that leads out of it by a copy: what it shows may go away.

    A script may link a staged input into its output, and inputs are deleted when the step has ended.
    Raises OSError, and BadInput for a link to a folder around `path`.
    """
    root = Path(os.path.realpath(path.parent), path.name)
    for link in (path,) if path.is_symlink() else tuple(_links_below(path)):
        real = Path(os.path.realpath(link))
        if root.is_relative_to(real):
            raise BadInput(f"the link {link} leads to a folder around it", remedy="remove the link")
        if real.exists() and not real.is_relative_to(root):
            _replace(link, real)


def _links_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        yield from (path for name in (*folders, *names) if (path := Path(parent, name)).is_symlink())


def _replace(link: Path, real: Path) -> None:
    link.unlink()
    if real.is_dir():
        shutil.copytree(real, link)
    else:
        shutil.copyfile(real, link)
