"""The pod of a part of runner itself: the controller's image, restricted, with one Secret as its files (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from ...dataclass import dataclass, field
from . import conventions as c
from .render import ca_trust, security_context, tolerations_of
from .settings import ClusterSettings
from .volumes import mount


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program of runner in a pod."""

    container: str
    """The name of its container."""
    image: str
    account: str
    """Its ServiceAccount."""
    grace: int
    """Seconds between SIGTERM and SIGKILL."""
    volume: str
    """The name of the volume with its files."""
    secret: str
    """The name of the Secret that holds them."""
    folder: str
    """The place of the files in the container."""
    start: Mapping[str, object]
    """The fields of the container that start it: its command, arguments and working directory."""
    variables: Mapping[str, str] = field(default_factory=dict)
    restart: str = ""
    """The restart policy; empty: the caller sets it, or the default of the pod's owner holds."""


def program_pod(program: Program, settings: ClusterSettings) -> dict[str, object]:
    """Return the specification of the program's pod, which meets the `restricted` Pod Security Standard.

    Args:
        program: The program.
        settings: The settings of the target.

    """
    trusted, naming = ca_trust(settings)
    variables = {**program.variables, **naming}
    optional = {
        "nodeSelector": dict(settings.node_selector),
        "imagePullSecrets": [{"name": one} for one in settings.image_pull_secrets],
    }
    return {
        "serviceAccountName": program.account,
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        **({"restartPolicy": program.restart} if program.restart else {}),
        "terminationGracePeriodSeconds": program.grace,
        "securityContext": security_context(settings.run_as),
        "tolerations": tolerations_of(settings.tolerations),
        "containers": [
            {
                "name": program.container,
                "image": program.image,
                "imagePullPolicy": "IfNotPresent",
                **program.start,
                **({"env": [{"name": key, "value": value} for key, value in variables.items()]} if variables else {}),
                "resources": {
                    "requests": {"cpu": "50m", "memory": "128Mi"},
                    "limits": {"cpu": "1", "memory": "1Gi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "terminationMessagePolicy": "FallbackToLogsOnError",
                "volumeMounts": [
                    {"name": program.volume, "mountPath": program.folder, "readOnly": True},
                    {"name": "temporary", "mountPath": c.TEMPORARY_FOLDER},
                    *(mount(place, volume) for place, volume in trusted),
                ],
            }
        ],
        "volumes": [
            {"name": program.volume, "secret": {"secretName": program.secret, "defaultMode": 0o400}},
            {"name": "temporary", "emptyDir": {"sizeLimit": "1Gi"}},
            *(volume for _, volume in trusted),
        ],
        **{key: value for key, value in optional.items() if value},
    }
