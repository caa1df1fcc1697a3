"""Schedules in a cluster: one CronJob each, whose pod decides what is due and submits it."""

from __future__ import annotations

from collections.abc import Mapping

from ...config.workspace_host import Timer, TimerStatus
from ...errors import BadInput, TargetError
from ...model.digest import digest_of
from . import workspace_pod
from .cluster import Cluster
from .json_fields import KubeObject, rows, text, value_at
from .render import ca_configmap
from .replaceable_secrets import create_secret, replace_secret
from .settings import ClusterSettings

COMPONENT = "schedule"
SCHEDULE_LABEL = "runner/schedule"
_TITLE = "runner/title"
_DIGEST = "runner/digest"
NEEDED = tuple(("cronjobs", verb) for verb in ("create", "get", "update", "delete"))
"""The rights that placing schedules needs beside those of a controller, as (resource, verb)."""
_LATE = 3600
"""Seconds after a time until which its pod may still start. A schedule runs nothing that is later."""
_RETRIES = 3
"""Pods that may fail before the firing is given up; the next one makes good for it."""
_LONGEST = 900
"""Seconds of one firing. A longer one would hold up the next: two at once are forbidden."""
_RIVALS = 5
"""Changes of other processes, of which each makes the own one start again."""


def cron_job_name(schedule: str) -> str:
    """Return the name of a schedule's CronJob."""
    return f"{COMPONENT}-{schedule}"


def cron_job(timer: Timer, image: str, settings: ClusterSettings) -> KubeObject:
    """Return the CronJob of a schedule.

    Args:
        timer: The schedule and its times.
        image: The controller's image.
        settings: The settings of the target.

    """
    marks = {**workspace_pod.labels(settings.store_id, COMPONENT), SCHEDULE_LABEL: timer.schedule}
    pod = workspace_pod.pod(COMPONENT, ("schedules", "fire", timer.schedule), image, settings)
    spec = {
        "schedule": timer.cron,
        "timeZone": "Etc/UTC",
        "suspend": timer.suspended,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": _LATE,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {
            "metadata": {"labels": marks},
            "spec": {
                "backoffLimit": _RETRIES,
                "activeDeadlineSeconds": _LONGEST,
                "podFailurePolicy": {
                    "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
                },
                "template": {"metadata": {"labels": marks}, "spec": {**pod, "restartPolicy": "Never"}},
            },
        },
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {
            "name": cron_job_name(timer.schedule),
            "namespace": settings.namespace,
            "labels": marks,
            "annotations": {_TITLE: timer.title, _DIGEST: digest_of(spec)},
        },
        "spec": spec,
    }


class KubernetesWorkspace:
    """The `config.workspace_host.WorkspaceHost` of a namespace: a Secret, and CronJobs whose pods mount it."""

    folder = workspace_pod.FOLDER

    def __init__(self, cluster: Cluster, settings: ClusterSettings) -> None:
        """Remember the namespace, and the settings of the target."""
        self._cluster = cluster
        self._settings = settings
        self.place = f"namespace '{settings.namespace}'"
        name, ends = workspace_pod.server_name(settings.store_id), ("", ".svc", ".svc.cluster.local")
        self.server_names = (name, *(f"{name}.{settings.namespace}{end}" for end in ends))

    def has_workspace(self) -> bool:
        """Return True if the ConfigMap that owns the Secret exists."""
        return self._owner() is not None

    def keep_workspace(self, files: Mapping[str, str]) -> bool:
        """Make the Secret, or replace it if it has other files. Return False if it has these."""
        if self._settings.authorities:
            self._cluster.create("configmaps", ca_configmap(self._settings))
        size = sum(len(content.encode()) for content in files.values())
        if size > workspace_pod.LARGEST:
            raise BadInput(
                f"the workspace for pods has {size} bytes, and a Secret takes {workspace_pod.LARGEST}",
                "secrets and computes of the configuration",
                "take large secrets out of it",
            )
        wanted = workspace_pod.owner(files, self._settings)

        def made(uid: str) -> KubeObject:
            return workspace_pod.secret(files, self._settings, uid=uid)

        found = self._owner()
        if found is not None and value_at(found, "data") == value_at(wanted, "data"):
            return create_secret(self._cluster, wanted, made)  # whoever made the ConfigMap may have ended before
        if found is not None:  # a ConfigMap that names the other files must not own these
            self._cluster.delete("configmaps", text(found, "metadata", "name"), uid=text(found, "metadata", "uid"))
        return replace_secret(self._cluster, wanted, made)

    def install(self, timer: Timer, image: str) -> None:
        """Create the CronJob, or replace it if it is another."""
        wanted = cron_job(timer, image, self._settings)
        for _ in range(_RIVALS):
            if self._cluster.create("cronjobs", wanted).object is not None:
                return
            found = self._cluster.get("cronjobs", cron_job_name(timer.schedule))
            if found is None:  # it was deleted in the meantime
                continue
            if _shape(found) == _shape(wanted) or self._cluster.replace("cronjobs", _over(found, wanted)) is not None:
                return
        raise self._busy(timer.schedule)

    def find(self, schedule: str) -> TimerStatus | None:
        """Return what the CronJob shows."""
        found = self._cluster.get("cronjobs", cron_job_name(schedule))
        if found is None or text(found, "metadata", "deletionTimestamp"):
            return None
        return TimerStatus(
            cron=text(found, "spec", "schedule"),
            suspended=value_at(found, "spec", "suspend") is True,
            last=text(found, "status", "lastScheduleTime"),
            active=len(tuple(rows(found, "status", "active"))),
        )

    def suspend(self, schedule: str) -> None:
        """Set ``suspend`` of the CronJob. Its running pods go on."""
        for _ in range(_RIVALS):
            found = self._cluster.get("cronjobs", cron_job_name(schedule))
            spec = value_at(found, "spec")
            if found is None or not isinstance(spec, dict) or spec.get("suspend") is True:
                return
            if self._cluster.replace("cronjobs", {**found, "spec": {**spec, "suspend": True}}) is not None:
                return
        raise self._busy(schedule)

    def remove(self, schedule: str) -> None:
        """Delete the CronJob, and with it its Jobs and pods."""
        self._cluster.delete("cronjobs", cron_job_name(schedule))

    def close(self) -> None:
        """Close the connections."""
        self._cluster.close()

    def _busy(self, schedule: str) -> TargetError:
        name = cron_job_name(schedule)
        return TargetError(f"the CronJob {name} in {self.place} is changed by others again and again")

    def _owner(self) -> KubeObject | None:
        found = self._cluster.get("configmaps", workspace_pod.object_name(self._settings.store_id))
        return None if found is None or text(found, "metadata", "deletionTimestamp") else found


def _shape(job: KubeObject) -> tuple[object, ...]:
    """Return what tells two CronJobs apart: the digest of what was sent, and what people change with kubectl."""
    notes = [text(job, "metadata", "annotations", name) for name in (_TITLE, _DIGEST)]
    return *notes, value_at(job, "spec", "schedule"), value_at(job, "spec", "suspend")


def _over(found: KubeObject, wanted: KubeObject) -> KubeObject:
    """Return the wanted object as a change of the found one: the server refuses it if that has changed since."""
    metadata = value_at(wanted, "metadata")
    version = text(found, "metadata", "resourceVersion")
    return {**wanted, "metadata": {**(metadata if isinstance(metadata, dict) else {}), "resourceVersion": version}}
