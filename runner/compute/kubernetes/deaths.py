"""What a container's end means when the attempt's record does not say it (pure)."""

from __future__ import annotations

from ...model.memory import more_memory, oom_reason
from ...model.record import AttemptRecord, Failure
from ...model.termination import OLD_PYTHON
from . import contract
from .departures import Verdict, departure
from .fields import number, text
from .sighting import Sighting

KILLED = frozenset({137, -9})
STOPPED = frozenset({143, -15}) | KILLED
"""Exit codes of SIGKILL and SIGTERM, as a shell and as Python tells them."""
_PLATFORM = "exec format error"


def death(seen: Sighting) -> Verdict:
    """The end of a container that left no record."""
    code, message = number(seen.terminated, "exitCode"), text(seen.terminated, "message").strip()
    if was_oom(seen):
        return out_of_memory(seen)
    if code == 126 and contract.OTHER_ARCHIVE in message:
        remedy = "run the step again (runner retry RUN --failed), which writes the ConfigMap with runner's code again"
        return Verdict(Failure.INPUT, message, remedy)
    unusable = _image_fault(seen, code, message)
    if unusable is not None:
        return unusable
    gone = departure(seen)
    if gone is not None:
        return gone
    if code in STOPPED:
        return _killed(code)
    if code is None or code == 0:
        return Verdict(Failure.LOST, f"it ended with exit code {code} and left no record")
    return Verdict(Failure.USER, f"it ended with exit code {code} and left no record")


def was_oom(seen: Sighting) -> bool:
    """Whether the kubelet says that the container's memory ran out; it only does so of the main process."""
    return text(seen.terminated, "reason") == "OOMKilled"


def out_of_memory(seen: Sighting, record: AttemptRecord | None = None) -> Verdict:
    """What it used and what it had, as far as both are known, and how much it should have."""
    limit = text(seen.step, "resources", "limits", "memory")
    return Verdict(Failure.OOM, oom_reason(limit, record.peak_memory if record else 0), more_memory(limit))


def _image_fault(seen: Sighting, code: int | None, message: str) -> Verdict | None:
    image = text(seen.step, "image") or "of the step"
    if code == 127 and contract.NO_PYTHON in message:
        tried = message.partition(contract.NO_PYTHON)[2].strip(": \n")
        remedy = "use an image with Python 3.10 or newer as python3, or name its interpreter in the environment"
        return Verdict(Failure.IMAGE, f"the image {image} has no Python ({tried})", remedy)
    if OLD_PYTHON in message:
        version = message.partition(OLD_PYTHON)[2].strip(": \n").split("\n")[0]
        remedy = "use an image with Python 3.10 or newer as python3, or name such an interpreter in the environment"
        return Verdict(Failure.IMAGE, f"the image {image} has Python {version}, and a step needs 3.10 or newer", remedy)
    unstarted = text(seen.terminated, "reason") in ("StartError", "ContainerCannotRun")
    if _PLATFORM in message and (unstarted or code == 255):
        reason = f"the image {image} is not made for this node's processor: {message}"
        return Verdict(
            Failure.IMAGE, reason, "build it for the nodes' platform (docker build --platform linux/amd64 …)"
        )
    if unstarted:
        remedy = "use an image with /bin/sh and Python 3.10 or newer" if "/bin/sh" in message else ""
        return Verdict(Failure.IMAGE, f"the container of image {image} could not start: {message}", remedy)
    return None


def _killed(code: int | None) -> Verdict:
    if code in KILLED:
        return Verdict(
            Failure.LOST,
            f"killed by SIGKILL (exit code {code}) from outside; Kubernetes gives no reason (often its node ran short)",
            "if it happens again: ask for as much memory as it uses (memory=…)",
        )
    return Verdict(Failure.LOST, f"killed by SIGTERM (exit code {code}) from outside; Kubernetes gives no reason")
