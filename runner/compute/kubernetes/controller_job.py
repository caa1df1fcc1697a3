"""A detached controller: a Job with one pod that drives one run, and the Secret with the controller's input.

The run's ConfigMap does not own this Job, because it is deleted before the run's last journal entry. The controller
deletes its own Job after that entry, and with it the Secret.
"""

from __future__ import annotations

import base64

from ...config.controllers import Trouble
from ...errors import TargetError, TargetUnreachable
from . import conventions as c
from .cluster import Cluster
from .json_fields import KubeObject, rows, text, value_at
from .pending import PendingReason, wait
from .pod_snapshot import PodSnapshot
from .program_pod import Program, program_pod
from .render import ca_configmap
from .settings import ClusterSettings

CONTAINER = "controller"
SERVICE_ACCOUNT = "runner-controller"
FOLDER = "/runner/handover"
FILE = "handover.json"
COMPONENT_LABEL = "app.kubernetes.io/component"
EXIT_FINAL = 78
"""Exit code after which Kubernetes starts no other pod (EX_CONFIG of sysexits.h)."""
_RETRIES = 20
"""Pods that may fail without a known disruption. Kubernetes doubles the pause between two of them."""
_KEEP = 600
"""Seconds after which Kubernetes deletes an ended Job that its pod could not delete."""
_GRACE = 10
"""Seconds between SIGTERM and SIGKILL. The controller keeps no state outside the journal."""


def job_name(run: str, mark: str) -> str:
    """Return the name of a controller's Job. `mark` distinguishes the controllers of one run."""
    return f"{CONTAINER}-{run}-{mark}"


def labels(store_id: str, run: str) -> dict[str, str]:
    """Return the labels of a run's controllers."""
    return {**c.run_labels(store_id, run), COMPONENT_LABEL: CONTAINER}


def job(name: str, run: str, image: str, settings: ClusterSettings) -> KubeObject:
    """Return the Job. Its pod waits for the Secret of the same name."""
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
                        "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": [EXIT_FINAL]},
                    },
                ]
            },
            "podReplacementPolicy": "Failed",
            "ttlSecondsAfterFinished": _KEEP,
            "template": {"metadata": {"labels": marks}, "spec": _pod(name, image, settings)},
        },
    }


def secret(name: str, run: str, handover: str, settings: ClusterSettings, *, owner: str) -> KubeObject:
    """Return the Secret with the one file that the controller reads. `owner`: the Job's uid."""
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
        "data": {FILE: base64.b64encode(handover.encode()).decode()},
    }


def _pod(name: str, image: str, settings: ClusterSettings) -> KubeObject:
    program = Program(
        container=CONTAINER,
        image=image,
        account=SERVICE_ACCOUNT,
        grace=_GRACE,
        volume="handover",
        secret=name,
        folder=FOLDER,
        start={"args": [f"{FOLDER}/{FILE}"]},
        restart="Never",
    )
    return program_pod(program, settings)


class ControllerJobs:
    """The controllers of one store's runs in a namespace. Errors are TargetError."""

    def __init__(self, cluster: Cluster, settings: ClusterSettings) -> None:
        self._cluster = cluster
        self._settings = settings

    def start(self, name: str, run: str, image: str, handover: str) -> None:
        """Create the Job, then its Secret. If the server refuses either, delete both.

        A call with the same name after a lost response continues: names are random, so the Job is this caller's own.
        """
        if self._settings.authorities:
            self._cluster.create("configmaps", ca_configmap(self._settings))
        made = self._cluster.create("jobs", job(name, run, image, self._settings)).object
        uid = text(made or self._cluster.get("jobs", name), "metadata", "uid")
        try:
            self._cluster.create("secrets", secret(name, run, handover, self._settings, owner=uid))
        except TargetUnreachable:
            raise
        except TargetError:
            self._cluster.delete("jobs", name, uid=uid)
            raise

    def trouble(self, name: str) -> Trouble:
        """Return the reason why the Job's pod has not started, as far as the cluster shows it."""
        made = self._cluster.get("jobs", name)
        if made is None:
            return Trouble("its Job was deleted", hopeless=True)
        pods = self._cluster.list("pods", labels=f"batch.kubernetes.io/job-name={name}").items
        snapshot = PodSnapshot(made, tuple(map(_as_step_pod, pods)))
        snapshot = PodSnapshot(made, snapshot.pods, self._events(text(snapshot.pod, "metadata", "uid") or snapshot.uid))
        ended = snapshot.terminated
        if ended is not None and value_at(ended, "exitCode") != 0:
            cause = " ".join(text(ended, "message").split()) or f"exit code {value_at(ended, 'exitCode')}"
            return Trouble(f"the controller's pod ended: {cause}", hopeless=snapshot.job_ended)
        found: PendingReason = wait(snapshot)
        return Trouble(found.reason, hopeless=snapshot.job_ended or found.failure is not None)

    def remove(self, run: str, last: str = "") -> None:
        """Delete all controllers of a run. The Job `last`, which may be the caller's own, is deleted last."""
        found = self._cluster.list("jobs", labels=c.selector(labels(self._settings.store_id, run))).items
        names = sorted((text(one, "metadata", "name") for one in found), key=lambda name: name == last)
        for name in names:
            self._cluster.delete("jobs", name)

    def remove_one(self, name: str) -> None:
        """Delete one controller's Job, and with it its pod and Secret."""
        self._cluster.delete("jobs", name)

    def close(self) -> None:
        """Close the connections."""
        self._cluster.close()

    def _events(self, uid: str) -> tuple[KubeObject, ...]:
        return self._cluster.list("events", fields=f"involvedObject.uid={uid}").items


def _as_step_pod(pod: KubeObject) -> KubeObject:
    """Return the controller's pod with the container name of a step, so that `pending` can explain it."""
    statuses = [{**one, "name": c.CONTAINER} for one in rows(pod, "status", "containerStatuses")]
    status = value_at(pod, "status")
    return {**pod, "status": {**(status if isinstance(status, dict) else {}), "containerStatuses": statuses}}
