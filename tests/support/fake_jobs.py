"""The Job controller's work for Indexed Jobs of a `FakeCluster`, by the rules that each Job states.

https://kubernetes.io/docs/concepts/workloads/controllers/job/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.compute.kubernetes import conventions as c
from runner.model.document import format_time
from tests.support.fake_api import FakeCluster

Pod = dict[str, Any]
STOPPED = {"exitCode": 143, "reason": "Error"}


def index_of(pod: Mapping[str, Any]) -> int:
    """The index that the Job controller gave a pod."""
    return int(pod["metadata"]["annotations"][c.INDEX_ANNOTATION])


def pods_of(api: FakeCluster, job: Mapping[str, Any]) -> list[Pod]:
    """All pods of a Job, in the order in which they were made."""
    uid = job["metadata"]["uid"]
    return [pod for pod in api.objects("pods").values() if pod["metadata"]["ownerReferences"][0]["uid"] == uid]


def phase_of(pod: Mapping[str, Any]) -> str:
    """Pending, Running, Succeeded or Failed; empty: new."""
    return str(pod.get("status", {}).get("phase", ""))


def terminated(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    """The end of the step's container, or nothing."""
    statuses = pod.get("status", {}).get("containerStatuses", ())
    return next((one["state"].get("terminated", {}) for one in statuses if one["name"] == c.CONTAINER), {})


@dataclass
class JobController:
    """It makes the pods of each index, counts their failures, and ends Jobs."""

    api: FakeCluster
    failures: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By the Job's uid and the index; ignored ones do not count."""
    active: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Pods that had not ended when they were last seen."""

    def work(self) -> None:
        """One round over all Indexed Jobs."""
        for name, job in tuple(self.api.objects("jobs").items()):
            if job["spec"].get("completionMode") != "Indexed" or _is_over(job):
                continue
            if job["spec"].get("suspend"):  # whoever suspends it deletes its pods, and that is no failure of theirs
                uid = job["metadata"]["uid"]
                self.active = {pod: known for pod, known in self.active.items() if known[0] != uid}
            else:
                self._work_on(name, job)

    def _work_on(self, name: str, job: Mapping[str, Any]) -> None:
        uid, pods = job["metadata"]["uid"], pods_of(self.api, job)
        reason = self._count(job, pods)
        failed = sorted(index for (of, index), times in self.failures.items() if of == uid and _is_lost(job, times))
        done = {index_of(pod) for pod in pods if phase_of(pod) == "Succeeded"}
        if not reason and "maxFailedIndexes" in job["spec"] and len(failed) > job["spec"]["maxFailedIndexes"]:
            reason = "MaxFailedIndexesExceeded"
        if not reason and "backoffLimit" in job["spec"]:
            times = sum(many for (of, _), many in self.failures.items() if of == uid)
            reason = "BackoffLimitExceeded" if times > job["spec"]["backoffLimit"] else ""
        status: dict[str, Any] = {"failedIndexes": ",".join(map(str, failed))} if failed else {}
        missing = set(range(job["spec"]["completions"])) - done - set(failed)
        if reason or not missing:
            status["conditions"] = self._end(pods, reason or ("FailedIndexes" if failed else ""))
        if status and status != {key: job.get("status", {}).get(key) for key in status}:
            self.api.change("jobs", name, status=status)
        if not reason:
            self._make(name, uid, missing - {index_of(pod) for pod in pods if phase_of(pod) != "Failed"})

    def _count(self, job: Mapping[str, Any], pods: list[Pod]) -> str:
        """Count pods that have newly failed or are gone. The reason if the policy fails the Job."""
        uid, there = job["metadata"]["uid"], {pod["metadata"]["uid"]: pod for pod in pods}
        for pod_uid, (of, index) in tuple(self.active.items()):
            pod = there.get(pod_uid)
            if of != uid or (pod is not None and phase_of(pod) not in ("Failed", "Succeeded")):
                continue
            del self.active[pod_uid]
            action = _action(job, pod) if pod is not None else "Count"
            if action == "FailJob":
                return "PodFailurePolicy"
            if action == "Count" and (pod is None or phase_of(pod) == "Failed"):
                self.failures[uid, index] += 1
        self.active.update({one: (uid, index_of(pod)) for one, pod in there.items() if _is_active(pod)})
        return ""

    def _end(self, pods: list[Pod], reason: str) -> list[dict[str, str]]:
        """Stop what still runs, and return the Job's conditions."""
        now = format_time(self.api.time)
        for pod in pods if reason else ():
            if _is_active(pod):
                self.active.pop(pod["metadata"]["uid"], None)
                ended = {"name": c.CONTAINER, "state": {"terminated": {**STOPPED, "finishedAt": now}}}
                known = pod.get("status", {}).get("conditions", [])
                self.api.change(
                    "pods",
                    pod["metadata"]["name"],
                    metadata={"deletionTimestamp": now},
                    status={"phase": "Failed", "containerStatuses": [ended], "conditions": known},
                )
        kinds = ("FailureTarget", "Failed") if reason else ("SuccessCriteriaMet", "Complete")
        return [{"type": kind, "status": "True", "reason": reason, "lastTransitionTime": now} for kind in kinds]

    def _make(self, name: str, uid: str, missing: set[int]) -> None:
        for index in sorted(missing):
            pod = self.api.make_pod(name, index)
            self.active[pod] = (uid, index)


def _is_active(pod: Mapping[str, Any]) -> bool:
    return phase_of(pod) not in ("Failed", "Succeeded")


def _is_over(job: Mapping[str, Any]) -> bool:
    return any(one["type"] in ("Complete", "Failed") for one in job.get("status", {}).get("conditions", ()))


def _is_lost(job: Mapping[str, Any], times: int) -> bool:
    return "backoffLimitPerIndex" in job["spec"] and times > job["spec"]["backoffLimitPerIndex"]


def _action(job: Mapping[str, Any], pod: Mapping[str, Any]) -> str:
    """The action of the first rule of the pod failure policy that matches a failed pod."""
    matching = (rule["action"] for rule in job["spec"]["podFailurePolicy"]["rules"] if any(_matches(rule, pod)))
    return next(matching, "Count")


def _matches(rule: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[bool]:
    codes, found = rule.get("onExitCodes", {}), terminated(pod).get("exitCode")
    yield bool(codes) and codes["operator"] == "In" and found in codes["values"]
    there = {(one["type"], one["status"]) for one in pod.get("status", {}).get("conditions", ())}
    yield any((one["type"], one["status"]) in there for one in rule.get("onPodConditions", ()))
