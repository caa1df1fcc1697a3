"""A local folder into a datastore, for ``Dataset.File.upload_directory``."""

from __future__ import annotations

from pathlib import Path

from ..data.dataset import glob_rule
from ..data.manifest import files_below
from ..model.data import DataPath as Place
from .datastore import check_free
from .exceptions import UserErrorException
from .frame_upload import Target, target_of
from .session import current


def upload_folder(src_dir: str, target: Target, pattern: str | None, overwrite: bool, show: bool) -> Place:
    """Upload the files that fit the glob `pattern`; where they lie. Raises UserErrorException."""
    root = Path(src_dir)
    if not root.is_dir():
        raise UserErrorException(f"there is no folder {src_dir!r} to upload", where=str(root.absolute()))
    rule = glob_rule((pattern or "**").removeprefix("./"))
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
    return Place(datastore, below)
