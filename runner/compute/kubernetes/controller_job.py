"""A detached controller: a Job of one pod that drives one run, and the Secret that tells it how.

It is not owned by the run's ConfigMap, which is gone before the run's last journal entry: the controller deletes its
own Job after that entry, and with it the Secret.
"""

from __future__ import annotations

import base64

from ...dataclass import dataclass
from ...errors import TargetError, TargetUnreachable
from . import contract as c
from .cluster import Cluster
from .fields import KubeObject, at, rows, text
from .render import ca_configmap, identity, tolerations_of, trust
from .settings import ClusterSettings
from .sighting import Sighting
from .volumes import mount
from .waits import Wait, wait

CONTAINER = "controller"
SERVICE_ACCOUNT = "runner-controller"
FOLDER = "/runner/handover"
FILE = "handover.json"
COMPONENT_LABEL = "app.kubernetes.io/component"
STOPS = 78
"""Exit code of a controller that no other pod could do better than (EX_CONFIG of sysexits.h)."""
_RETRIES = 20
"""Pods that may fail for no known disruption; between two of them Kubernetes waits ever longer."""
_KEEP = 600
"""Seconds an ended Job stays when its pod could not delete it."""
_GRACE = 10
"""Seconds between SIGTERM and SIGKILL: it holds nothing that is not in the journal."""


def job_name(run: str, mark: str) -> str:
    """The name of a controller's Job; `mark` tells apart those of one run."""
    return f"{CONTAINER}-{run}-{mark}"


def labels(store_id: str, run: str) -> dict[str, str]:
    """The labels of a run's controllers."""
    return {**c.run_labels(store_id, run), COMPONENT_LABEL: CONTAINER}


def job(name: str, run: str, image: str, settings: ClusterSettings) -> KubeObject:
    """The Job; its pod waits for the Secret of the same name."""
    marks = labels(settings.store_id, run)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": settings.namespace, "labels": marks},
        "spec": {
            "backoffLimit": _RETRIES,
            # https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
            "podFailurePolicy": {
                "rules": [
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                    {
                        "action": "FailJob",
                        "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": [STOPS]},
                    },
                ]
            },
            "podReplacementPolicy": "Failed",
            "ttlSecondsAfterFinished": _KEEP,
            "template": {"metadata": {"labels": marks}, "spec": _pod(name, image, settings)},
        },
    }


def secret(name: str, run: str, told: str, settings: ClusterSettings, *, owner: str) -> KubeObject:
    """The Secret with the one file that the controller reads; `owner`: the Job's uid."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": settings.namespace,
            "labels": labels(settings.store_id, run),
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": owner}],
        },
        "type": "Opaque",
        "data": {FILE: base64.b64encode(told.encode()).decode()},
    }


def _pod(name: str, image: str, settings: ClusterSettings) -> KubeObject:
    trusted, naming = trust(settings)
    optional = {
        "nodeSelector": dict(settings.node_selector),
        "imagePullSecrets": [{"name": one} for one in settings.image_pull_secrets],
    }
    return {
        "serviceAccountName": SERVICE_ACCOUNT,
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": _GRACE,
        "securityContext": identity(settings.run_as),
        "tolerations": tolerations_of(settings.tolerations),
        "containers": [
            {
                "name": CONTAINER,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "args": [f"{FOLDER}/{FILE}"],
                **({"env": [{"name": key, "value": value} for key, value in naming.items()]} if naming else {}),
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
                    {"name": "handover", "mountPath": FOLDER, "readOnly": True},
                    {"name": "temporary", "mountPath": c.TEMPORARY_FOLDER},
                    *(mount(place, volume) for place, volume in trusted),
                ],
            }
        ],
        "volumes": [
            {"name": "handover", "secret": {"secretName": name, "defaultMode": 0o400}},
            {"name": "temporary", "emptyDir": {"sizeLimit": "1Gi"}},
            *(volume for _, volume in trusted),
        ],
        **{key: value for key, value in optional.items() if value},
    }


@dataclass(frozen=True)
class Trouble:
    """Why a controller has not begun."""

    reason: str = ""
    hopeless: bool = False
    """Waiting longer cannot help."""


class ControllerJobs:
    """The controllers of one store's runs in a namespace. Errors are TargetError."""

    def __init__(self, cluster: Cluster, settings: ClusterSettings) -> None:
        self._cluster = cluster
        self._settings = settings

    def start(self, name: str, run: str, image: str, told: str) -> None:
        """Make the Job, then its Secret; nothing is left when either is refused.

        Done again with the same name, drawn for this alone, it goes on from what no answer came to.
        """
        if self._settings.authorities:
            self._cluster.create("configmaps", ca_configmap(self._settings))
        made = self._cluster.create("jobs", job(name, run, image, self._settings)).object
        uid = text(made or self._cluster.get("jobs", name), "metadata", "uid")
        try:
            self._cluster.create("secrets", secret(name, run, told, self._settings, owner=uid))
        except TargetUnreachable:
            raise
        except TargetError:
            self._cluster.delete("jobs", name, uid=uid)
            raise

    def trouble(self, name: str) -> Trouble:
        """What keeps the Job's pod from beginning, as far as the cluster tells."""
        made = self._cluster.get("jobs", name)
        if made is None:
            return Trouble("its Job was deleted", hopeless=True)
        pods = self._cluster.list("pods", labels=f"batch.kubernetes.io/job-name={name}").items
        seen = Sighting(made, tuple(map(_as_a_step, pods)))
        seen = Sighting(made, seen.pods, self._events(text(seen.pod, "metadata", "uid") or seen.uid))
        ended = seen.terminated
        if ended is not None and at(ended, "exitCode") != 0:
            said = " ".join(text(ended, "message").split()) or f"exit code {at(ended, 'exitCode')}"
            return Trouble(f"the controller's pod ended: {said}", hopeless=seen.job_ended)
        found: Wait = wait(seen)
        return Trouble(found.reason, hopeless=seen.job_ended or found.failure is not None)

    def remove(self, run: str, last: str = "") -> None:
        """Delete all controllers of a run; the Job `last`, which may be the caller's own, after the others."""
        found = self._cluster.list("jobs", labels=c.selector(labels(self._settings.store_id, run))).items
        names = sorted((text(one, "metadata", "name") for one in found), key=lambda name: name == last)
        for name in names:
            self._cluster.delete("jobs", name)

    def remove_one(self, name: str) -> None:
        """Delete one controller's Job, and with it its pod and Secret."""
        self._cluster.delete("jobs", name)

    def close(self) -> None:
        """Let go of connections."""
        self._cluster.close()

    def _events(self, uid: str) -> tuple[KubeObject, ...]:
        return self._cluster.list("events", fields=f"involvedObject.uid={uid}").items


def _as_a_step(pod: KubeObject) -> KubeObject:
    """The pod as those read it who explain why a step's does not start."""
    statuses = [{**one, "name": c.CONTAINER} for one in rows(pod, "status", "containerStatuses")]
    status = at(pod, "status")
    return {**pod, "status": {**(status if isinstance(status, dict) else {}), "containerStatuses": statuses}}
