"""What a controller in the cluster is told: the content of one file, which a Secret carries."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ..compute.kubernetes.contract import CA_FILE, CA_FOLDER
from ..config import KubernetesConfig
from ..dataclass import dataclass, field
from ..errors import BadInput
from ..model.document import from_document, to_document
from ..model.vantage import StepStores


@dataclass(frozen=True)
class Handover:
    """One run, and how its places are reached from a pod."""

    run: str
    job: str
    """The controller's own Job."""
    store_id: str
    target: str
    settings: KubernetesConfig
    """Of the target, as `from_within` gives them."""
    stores: StepStores = field(repr=False)
    """What step pods are told as well."""
    version: str
    """Of the runner that hands over: the image may be another's."""


def from_within(settings: KubernetesConfig) -> KubernetesConfig:
    """A target's settings without what only this machine has: the pod's own account is used."""
    store = replace(settings.store, endpoint=settings.store.cluster_endpoint or settings.store.endpoint, credentials="")
    bundle = f"{CA_FOLDER}/{CA_FILE}" if settings.ca_bundle else ""  # as the controller's pod has it
    return replace(settings, store=store, ca_bundle=bundle, kubeconfig="", context="", kind_cluster="", registry="")


def to_text(handover: Handover) -> str:
    """The file's content."""
    return json.dumps(to_document(handover))


def read(path: Path, version: str) -> Handover:
    """What the file tells a controller of this `version`. Raises BadInput, which never holds a key."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"the handover cannot be read ({type(error).__name__})", str(path)) from error
    told = document.get("version") if isinstance(document, dict) else None
    if told != version:
        raise BadInput(
            f"the image has runner {version}, and the run was handed over by runner {told}",
            remedy="build the image anew from the runner that hands over, and name it as controller_image",
        )
    return from_document(Handover, document, str(path))
