"""Upload of a local folder, for ``Dataset.File.upload_directory``."""

from __future__ import annotations

from pathlib import Path

from ...backports import without_prefix
from ...data.dataset import glob_rule
from ...data.manifest import files_below
from ...model.data import DatastorePath
from ..base.exceptions import UserErrorException
from ..base.session import current
from ..datastores.datastore import check_free
from .frame_upload import Target, target_of


def upload_folder(src_dir: str, target: Target, pattern: str | None, overwrite: bool, show: bool) -> DatastorePath:
    """Upload the files of a folder that match a pattern.

    Args:
        src_dir: The folder.
        target: A Datastore, a tuple of a Datastore and a path on it, or a DataPath.
        pattern: The pattern. None: all files.
        overwrite: True: replace files that exist there.
        show: True: print a line for each file.

    Returns:
        The place of the files.

    Raises:
        UserErrorException: There is no such folder or file, or a file exists at the target.

    """
    root = Path(src_dir)
    if not root.is_dir():
        raise UserErrorException(f"there is no folder {src_dir!r} to upload", where=str(root.absolute()))
    rule = glob_rule(without_prefix(pattern or "**", "./"))
    files = {relative: path for relative, path in files_below(root) if rule.fullmatch(relative)}
    if not files:
        raise UserErrorException(f"no file below {src_dir!r} fits {pattern or '**'!r}", where=str(root.absolute()))
    datastore, below = target_of(target)
    keys = {f"{below}/{relative}".lstrip("/"): path for relative, path in files.items()}
    check_free(datastore, keys)
    store = current().datastore(datastore)
    taken = None if overwrite else next((key for key in keys if store.stat(key) is not None), None)
    if taken is not None:
        raise UserErrorException(f"{datastore}/{taken} is there already", remedy="pass overwrite=True")
    for key, path in keys.items():
        store.upload(key, path)
        if show:
            print(f"uploaded {path} to {datastore}/{key}")
    return DatastorePath(datastore, below)
