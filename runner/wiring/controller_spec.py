"""The spec of a controller in the cluster: one file, which a Secret carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..compute import registry
from ..config import TargetConfig
from ..config.after_run import AfterRunConfig
from ..dataclass import dataclass, field
from ..errors import BadInput
from ..model.document import from_document, to_document
from ..model.store_endpoint import StepStores


@dataclass(frozen=True, kw_only=True)
class ControllerSpec:
    """A run, with the endpoints of its stores for a pod."""

    run: str
    job: str
    """The name of the controller's own Job."""
    store_id: str
    target: str
    settings: Mapping[str, object]
    """The settings of the target for a process that runs there, with their ``type``."""
    stores: StepStores = field(repr=False)
    """The stores for step pods as well."""
    version: str
    """The version of the runner that hands over. The image may have another."""
    workspace: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files of the workspace in which the controller submits what steps ask for, by name. Empty: nothing."""

    after_run: AfterRunConfig = field(default_factory=AfterRunConfig)
    """The actions at the end of the run."""
    after_run_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values of the secrets that this needs, by name."""
    workspace_name: str = ""

    @property
    def config(self) -> TargetConfig:
        """The settings of the target."""
        return registry.from_entry(dict(self.settings), f"target '{self.target}'")


def to_text(handover: ControllerSpec) -> str:
    """Return the content of the file."""
    return json.dumps(to_document(handover))


def read(path: Path, version: str) -> ControllerSpec:
    """Return the spec in a file for a controller of this `version`. Raise BadInput, which never holds a key."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"the handover cannot be read ({type(error).__name__})", str(path)) from error
    found = document.get("version") if isinstance(document, dict) else None
    if found != version:
        raise BadInput(
            f"the image has runner {version}, and the run was handed over by runner {found}",
            remedy="build the image anew from the runner that hands over, and name it as controller_image",
        )
    return from_document(ControllerSpec, document, str(path))
