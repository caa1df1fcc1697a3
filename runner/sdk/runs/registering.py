"""Registration of a run's files as a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...backports import without_prefix
from ...model.inside import check_inside
from ..base.exceptions import ModelPathNotFoundException

if TYPE_CHECKING:
    from ..models.model import Model
    from ..models.registry import Draft
    from .run import Run


def register_files(run: Run, model_path: str, draft: Draft) -> Model:
    """Register a file of a run, or all files below a folder of it, as the next version of a model.

    Args:
        run: The run.
        model_path: The file or folder, as a name among the run's files.
        draft: The facts of the model.

    Returns:
        The registered model.

    Raises:
        ModelPathNotFoundException: The run has no such file.

    """
    from tempfile import TemporaryDirectory

    from ..models.model import Model

    path = without_prefix(model_path, "./").strip("/")
    names = [name for name in run.get_file_names() if name == path or name.startswith(f"{path}/")]
    if not names:
        raise ModelPathNotFoundException(
            f"the run has no file {model_path!r}",
            where=repr(run),
            remedy=f"its files: {', '.join(run.get_file_names()) or 'none'}; run.upload_file(...) adds one",
        )
    outside = len(path.split("/")) - 1
    check_inside(names)
    with TemporaryDirectory(prefix="runner-") as folder:
        files = {}
        for name in names:
            kept = "/".join(name.split("/")[outside:])
            files[kept] = Path(folder) / kept
            files[kept].parent.mkdir(parents=True, exist_ok=True)
            run.file_store.fetch(name, files[kept])
        return Model.registered(run.experiment.workspace, draft, files)
