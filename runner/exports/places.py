"""The places of data as other tools name them: https://openlineage.io/docs/spec/naming."""

from __future__ import annotations

from ..errors import RunnerError
from ..operations.ended_run import EndedRun
from ..ports import FolderStore


def named_place(run: EndedRun, datastore: str, key: str) -> tuple[str, str]:
    """Return the namespace and the name of data.

    Args:
        run: The run, which knows the datastores.
        datastore: The datastore's name.
        key: The key of the data there.

    Returns:
        ``s3://BUCKET`` or the like and the path in it; ``file`` and the path on this machine. Where the store is not
        known: the workspace with the datastore, and the key.

    """
    unknown = f"runner://{run.workspace}/{datastore}"
    try:
        store = run.datastore(datastore)
    except RunnerError:
        return unknown, key
    if isinstance(store, FolderStore):
        return "file", str(store.path(key)) if key else unknown
    location = str(getattr(store, "location", ""))
    if not location:
        return unknown, key
    scheme, _, rest = location.partition("://")
    host, _, prefix = rest.partition("/")
    return f"{scheme}://{host}", f"{prefix}{key}" or "/"
