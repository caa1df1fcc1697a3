from __future__ import annotations

import pytest

from runner.compute.kubernetes.mount_failures import mount_problem
from runner.model.record import Failure

PREFIX = 'MountVolume.SetUp failed for volume "mount-1" : '
ABSENT = (
    "kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name mounter.runner.dev not found in the "
    "list of registered CSI drivers"
)
SUMMARY = "Unable to attach or mount volumes: unmounted volumes=[mount-1], unattached volumes=[]: timed out"


def event(message: str, at: int = 0) -> dict[str, object]:
    time = f"2026-11-29T10:00:{at:02}Z"
    return {"reason": "FailedMount", "message": message, "firstTimestamp": time, "lastTimestamp": time}


@pytest.mark.parametrize(
    ("message", "failure", "reason", "remedy"),
    [
        (ABSENT, Failure.REFUSED, "no CSI driver mounter.runner.dev", "manifests/mounter.yaml"),
        (
            "rpc error: code = PermissionDenied desc = the store refuses to list http://m/b/p (AccessDenied)",
            Failure.STORE,
            "the store refuses to list http://m/b/p (AccessDenied)",
            "let the key",
        ),
        ("rpc error: code = NotFound desc = there is no bucket 'b'", Failure.STORE, "no bucket 'b'", "correct the"),
        ("rpc error: code = InvalidArgument desc = x", Failure.REFUSED, "mounted: x", "cluster_endpoint"),
        (
            "rpc error: code = FailedPrecondition desc = http://m is not among the endpoints",
            Failure.REFUSED,
            "http://m is not among",
            "state it in ENDPOINTS of the mounter",
        ),
        ("rpc error: code = Unavailable desc = no answer", Failure.STORE, "no answer", "nodes reach"),
        ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", Failure.STORE, "deadline", "logs"),
    ],
)
def test_the_event_of_a_mounted_input_becomes_cause_and_remedy(
    message: str, failure: Failure, reason: str, remedy: str
) -> None:
    found = mount_problem([event(PREFIX + message)])
    assert found is not None
    assert found.stuck is failure
    assert reason in found.reason
    assert remedy in found.remedy


def test_the_newest_cause_counts_from_the_first_event() -> None:
    denied = event(f"{PREFIX}rpc error: code = PermissionDenied desc = no", 7)
    found = mount_problem([denied, event(PREFIX + ABSENT, 3), event(SUMMARY, 9)])
    assert found is not None
    assert found.reason.endswith(": no")
    assert found.since is not None
    assert found.since.second == 3


@pytest.mark.parametrize(
    "message", ['MountVolume.SetUp failed for volume "secret" : secret "run-x" not found', SUMMARY, f"{PREFIX}odd"]
)
def test_other_events_are_left_to_others(message: str) -> None:
    assert mount_problem([event(message)]) is None
