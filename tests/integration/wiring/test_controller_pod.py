from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runner import __version__
from runner.controller import EXIT_DONE, EXIT_RETRY, _drive_in_pod
from runner.errors import BadInput
from runner.model import events as e
from runner.model.credentials import Credentials
from runner.model.status import RunStatus
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.override import override
from runner.ports import ComputeTarget
from runner.runs import journal
from runner.wiring.adapters import handed_over
from runner.wiring.controller_pod import PodRunContext, take
from runner.wiring.controller_spec import ControllerSpec, to_text
from tests.support import builders as b
from tests.support import sample_run as sample
from tests.support.memory_store import MemoryStore
from tests.support.scripted_server import Reply, Seen, error, scripted_server

from .test_controller_spec import TOLD

MINE, OTHER = "pod ns/controller-run-1-beef-aaaaa", "pod ns/controller-run-1-cafe-aaaaa"


def written(*hosts: str) -> MemoryStore:
    store = MemoryStore()
    writer = journal.Writer(store, TOLD.run, "x", 0)
    writer.append([e.Heartbeat()], b.T0)
    for host in hosts:
        writer.append([e.ControllerStarted("c", host, 1), e.Heartbeat()], b.T0)
    return store


def seat(store: MemoryStore) -> PodRunContext:
    made = PodRunContext(TOLD, "controller-run-1-beef-bbbbb")
    made.store = store
    return made


@pytest.mark.parametrize(
    ("hosts", "overtaken"),
    [
        ((), False),
        (("laptop",), False),
        (("laptop", MINE), False),
        ((MINE, "laptop"), True),
        ((MINE, OTHER), True),
        ((OTHER,), False),
        ((MINE, "laptop", MINE), False),
    ],
)
def test_a_run_that_was_taken_from_this_job_is_not_taken_back(hosts: tuple[str, ...], *, overtaken: bool) -> None:
    assert seat(written(*hosts)).overtaken() is overtaken


MADE = b"""<R><Credentials><AccessKeyId>made</AccessKeyId><SecretAccessKey>hidden</SecretAccessKey>
<SessionToken>session</SessionToken><Expiration>2096-01-02T03:04:05Z</Expiration></Credentials></R>"""


def test_its_host_is_a_pod_of_its_job() -> None:
    one = seat(MemoryStore())
    assert one.host == "pod ns/controller-run-1-beef-bbbbb"
    assert one.is_mine(one.host)
    assert not one.is_mine(OTHER)


def test_datastores_are_those_that_were_handed_over() -> None:
    one = seat(MemoryStore())
    assert one.datastore("workspaceblobstore") is one.store
    with pytest.raises(BadInput, match="datastore 'other' was not there"):
        one.datastore("other")


def test_a_key_that_is_refused_is_read_again_from_the_handover(tmp_path: Path) -> None:
    """An administrator has renewed the Secret, and the kubelet has brought it."""
    file = tmp_path / "handover.json"

    def guarded(seen: Seen) -> Reply:
        new = "Credential=new/" in seen.headers["authorization"]
        if new and seen.target.endswith("/store.json"):
            return Reply(body=b'{"id": "ab", "format": 2}')
        return Reply(body=b"content") if new else error(403, "ExpiredToken")

    def handed(endpoint: str, key: str) -> ControllerSpec:
        bucket_endpoint = BucketEndpoint(bucket="b", endpoint=endpoint, credentials=Credentials(key, "s"))
        return replace(TOLD, stores=StepStores(bucket_endpoint, {"lake": bucket_endpoint}), version=__version__)

    with scripted_server(guarded) as server:
        file.write_text(to_text(handed(server.endpoint, "old")))
        one = take(file)
        file.write_text(to_text(handed(server.endpoint, "new")))
        assert one.store.get("key") == one.datastore("lake").get("key") == b"content"
        assert one.datastore("lake") is one.datastore("lake")
    assert one.stores().workspace.credentials.access_key == "new", "what steps are told from now on"


def test_a_pod_makes_keys_of_its_own_web_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The submitter's keys are not in the handover, and its token file is not in the pod."""
    (tmp_path / "token").write_text("canary-of-the-pod")

    def answer(seen: Seen) -> Reply:
        if seen.method == "POST":
            return Reply(body=MADE) if b"WebIdentityToken=canary-of-the-pod" in seen.body else error(400, "Other")
        if "Credential=made/" not in seen.headers["authorization"]:
            return error(403, "InvalidAccessKeyId")
        return Reply(body=b'{"id": "ab", "format": 2}' if seen.target.endswith("/store.json") else b"content")

    with scripted_server(answer) as server:
        bucket = BucketEndpoint(
            bucket="b",
            endpoint=server.endpoint,
            role="arn:aws:iam::1:role/r",
            credentials=Credentials("k", "canary-of-the-laptop", "canary-session"),
            web_identity="/nowhere/on/the/laptop",
        )
        static = BucketEndpoint(bucket="s", endpoint="http://static", credentials=Credentials("k", "s"))
        stores = handed_over(StepStores(bucket, {"lake": bucket, "static": static}))
        file = tmp_path / "handover.json"
        file.write_text(to_text(replace(TOLD, stores=stores, version=__version__)))
        assert "canary" not in file.read_text()
        one = take(file)
        with pytest.raises(BadInput, match=r"token file /nowhere/on/the/laptop cannot be used: No such file"):
            one.stores()
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        assert one.store.get("key") == one.datastore("lake").get("key") == b"content"
        assert one.stores().workspace.credentials == Credentials("made", "hidden", "session", 3976311845.0)
        assert one.stores().datastores["static"] == static
    assert len([seen for seen in server.seen if seen.method == "POST"]) == 1


def test_a_pod_refuses_a_store_of_another_format() -> None:
    mark = Reply(body=b'{"id": "ab", "format": 77, "version": "9.1"}')
    with scripted_server(lambda _seen: mark) as server:
        bucket_endpoint = BucketEndpoint(bucket="b", endpoint=server.endpoint, credentials=Credentials("k", "s"))
        one = PodRunContext(replace(TOLD, stores=StepStores(bucket_endpoint)))
        with pytest.raises(BadInput, match=r"the store has format 77, written by runner 9\.1"):
            one.store  # noqa: B018 - opening it is what is tried
    assert [seen.method for seen in server.seen] == ["GET"]


def test_other_targets_cannot_be_reached() -> None:
    with pytest.raises(BadInput, match="'other' cannot be reached"):
        seat(MemoryStore()).target("other")


@dataclass
class Scripted(PodRunContext):
    """Its run is the sample run; what it removes is only noted."""

    removed: list[bool] = field(default_factory=list)

    @override
    def target(self, name: str) -> ComputeTarget:  # noqa: ARG002 - there is none
        raise BadInput("no cluster here")

    @override
    def _remove(self, *, only: bool) -> str:
        self.removed.append(only)
        return ""


def scripted(store: MemoryStore, run: str) -> Scripted:
    made = Scripted(replace(TOLD, run=run), "controller-run-1-beef-bbbbb")
    made.store = store
    return made


def test_of_a_run_that_has_ended_everything_is_removed() -> None:
    one = scripted(sample.stored(), sample.RUN)
    assert one.view(sample.RUN).state.status is not RunStatus.RUNNING
    assert _drive_in_pod(one) == EXIT_DONE
    assert one.removed == [False]


def test_of_a_run_that_is_anothers_only_the_own_job_is() -> None:
    one = scripted(written(MINE, "laptop"), TOLD.run)
    assert _drive_in_pod(one) == EXIT_DONE
    assert one.removed == [True]


@dataclass
class Rivaled(Scripted):
    """A pod that lost its run to another of the same Job, or of another."""

    rival: str = MINE

    @override
    def overtaken(self) -> bool:
        return False


@pytest.mark.parametrize(("rival", "code", "removed"), [(MINE, EXIT_RETRY, []), ("laptop", EXIT_DONE, [True])])
def test_losing_the_run(rival: str, code: int, removed: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    from runner import controller
    from runner.errors import RunTaken
    from runner.model.state import RunState
    from runner.operations.values import RunView

    plan = b.plan(b.step("a"))
    one = Rivaled(TOLD, "controller-run-1-beef-bbbbb")

    def lose(*_: object) -> RunState:
        raise RunTaken(f"run {TOLD.run} is now driven by {rival}")

    monkeypatch.setattr(controller, "drive", lose)
    known = RunView(RunState(run=TOLD.run, host=rival, pid=1), plan)
    monkeypatch.setattr(one, "view", lambda _run: known, raising=True)
    assert _drive_in_pod(one) == code
    assert one.removed == removed
