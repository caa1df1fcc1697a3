"""The meaning of a container's exit if the attempt's record does not explain it (pure)."""

from __future__ import annotations

from ...model.memory import more_memory, oom_reason
from ...model.record import AttemptRecord, Failure
from ...model.termination import OLD_PYTHON
from . import conventions
from .json_fields import number, text
from .pod_disruptions import PodFailure, disruption
from .pod_snapshot import PodSnapshot

KILLED = frozenset({137, -9})
STOPPED = frozenset({143, -15}) | KILLED
"""Exit codes after SIGKILL and SIGTERM, as a shell and as Python report them."""
_PLATFORM = "exec format error"


def container_failure(snapshot: PodSnapshot) -> PodFailure:
    """Return the failure of a container that left no record."""
    code, message = number(snapshot.terminated, "exitCode"), text(snapshot.terminated, "message").strip()
    if was_oom(snapshot):
        return out_of_memory(snapshot)
    if code == 126 and conventions.OTHER_ARCHIVE in message:
        remedy = "run the step again (runner retry RUN --failed), which writes the ConfigMap with runner's code again"
        return PodFailure(Failure.INPUT, message, remedy)
    unusable_image = _image_fault(snapshot, code, message)
    if unusable_image is not None:
        return unusable_image
    gone = disruption(snapshot)
    if gone is not None:
        return gone
    if code in STOPPED:
        return _killed(code)
    if code is None or code == 0:
        return PodFailure(Failure.LOST, f"it ended with exit code {code} and left no record")
    return PodFailure(Failure.USER, f"it ended with exit code {code} and left no record")


def was_oom(snapshot: PodSnapshot) -> bool:
    """Return True if the kubelet reports out of memory. It does so only for the container's main process."""
    return text(snapshot.terminated, "reason") == "OOMKilled"


def out_of_memory(snapshot: PodSnapshot, record: AttemptRecord | None = None) -> PodFailure:
    """Return an out-of-memory failure with used memory, limit and a suggested limit, as far as they are known."""
    limit = text(snapshot.step, "resources", "limits", "memory")
    return PodFailure(Failure.OOM, oom_reason(limit, record.peak_memory if record else 0), more_memory(limit))


def _image_fault(snapshot: PodSnapshot, code: int | None, message: str) -> PodFailure | None:
    image = text(snapshot.step, "image") or "of the step"
    if code == 127 and conventions.NO_PYTHON in message:
        tried = message.partition(conventions.NO_PYTHON)[2].strip(": \n")
        remedy = "use an image with Python 3.8 or newer as python3, or name its interpreter in the environment"
        return PodFailure(Failure.IMAGE, f"the image {image} has no Python ({tried})", remedy)
    if OLD_PYTHON in message:
        version = message.partition(OLD_PYTHON)[2].strip(": \n").split("\n")[0]
        remedy = "use an image with Python 3.8 or newer as python3, or name such an interpreter in the environment"
        return PodFailure(
            Failure.IMAGE, f"the image {image} has Python {version}, and a step needs 3.8 or newer", remedy
        )
    unstarted = text(snapshot.terminated, "reason") in ("StartError", "ContainerCannotRun")
    if _PLATFORM in message and (unstarted or code == 255):
        reason = f"the image {image} is not made for this node's processor: {message}"
        return PodFailure(
            Failure.IMAGE, reason, "build it for the nodes' platform (docker build --platform linux/amd64 …)"
        )
    if unstarted:
        remedy = "use an image with /bin/sh and Python 3.8 or newer" if "/bin/sh" in message else ""
        return PodFailure(Failure.IMAGE, f"the container of image {image} could not start: {message}", remedy)
    return None


def _killed(code: int | None) -> PodFailure:
    if code in KILLED:
        return PodFailure(
            Failure.LOST,
            f"killed by SIGKILL (exit code {code}) from outside; Kubernetes gives no reason (often its node ran short)",
            "if it happens again: ask for as much memory as it uses (memory=…)",
        )
    return PodFailure(Failure.LOST, f"killed by SIGTERM (exit code {code}) from outside; Kubernetes gives no reason")
