"""``run.register_model``: files of a run as a registered model."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .exceptions import ModelPathNotFoundException
from .registered_model import Model

if TYPE_CHECKING:
    from .model_registry import Draft
    from .run import Run


def register_from_run(run: Run, model_path: str, draft: Draft) -> Model:
    """Register a file of the run, or all below a folder of its. Raises ModelPathNotFoundException."""
    path = model_path.removeprefix("./").strip("/")
    names = [name for name in run.get_file_names() if name == path or name.startswith(f"{path}/")]
    if not names:
        raise ModelPathNotFoundException(
            f"the run has no file {model_path!r}",
            where=repr(run),
            remedy=f"its files: {', '.join(run.get_file_names()) or 'none'}; run.upload_file(...) adds one",
        )
    outside = len(path.split("/")) - 1
    with tempfile.TemporaryDirectory(prefix="runner-") as folder:
        files = {}
        for name in names:
            kept = "/".join(name.split("/")[outside:])
            files[kept] = Path(folder) / kept
            files[kept].parent.mkdir(parents=True, exist_ok=True)
            run.fetch_file(name, files[kept])
        return Model.registered(run.experiment.workspace, draft, files)
