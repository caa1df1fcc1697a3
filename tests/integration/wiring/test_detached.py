from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runner.compute.kubernetes.cluster import Created
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.controller_job import FILE, ControllerJobs
from runner.compute.kubernetes.controllers import KubernetesControllers
from runner.compute.kubernetes.json_fields import KubeObject, text
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.process.config import ProcessConfig
from runner.config import Config, TargetConfig
from runner.config.after_run import AfterRunConfig, MlflowConfig, OpenLineageConfig
from runner.datastores import BucketConfig
from runner.errors import BadInput, RunTaken, StoreUnreachable, TargetUnreachable
from runner.images.controller import ControllerImage
from runner.model import events as e
from runner.model.access import Access
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.secret import SecretSource
from runner.operations.controller_health import ControllerGone, pod_host
from runner.override import override
from runner.ports import EnvironmentStore
from runner.runs import journal, plans
from runner.wiring import detached
from runner.wiring.controller_pod import take as take_in_pod
from runner.wiring.detached import Detached, delete_detached, detach_problems
from runner.wiring.workspace import OpenWorkspace
from tests.support import builders as b
from tests.support.canary import CANARY, tells
from tests.support.fake_api import FakeCluster
from tests.support.fake_environments import FakeEnvironments
from tests.support.memory_store import MemoryStore

BUCKET = BucketConfig(bucket="b", endpoint="http://near:1")
READY = KubernetesConfig(store=BUCKET, controller_image="registry.example/controller:1")


@pytest.mark.parametrize(
    ("settings", "targets", "what", "remedy"),
    [
        (ProcessConfig(), {"kind"}, "target 'kind' runs on this machine", "--target NAME"),
        (READY, {"kind", "local"}, "steps are to run on 'local'", "--target kind"),
        (KubernetesConfig(store=BUCKET), {"kind"}, "image has no place", "controller_image"),
    ],
)
def test_what_stands_against_it(settings: TargetConfig, targets: set[str], what: str, remedy: str) -> None:
    (problem,) = detach_problems("kind", settings.controllers(str), targets)
    assert what in problem.what
    assert problem.where
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    "settings",
    [READY, KubernetesConfig(store=BUCKET, kind_cluster="k"), KubernetesConfig(store=BUCKET, registry="host/team")],
)
def test_nothing_stands_against_it(settings: KubernetesConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ControllerImage, "problems", lambda _self: ())
    assert not list(detach_problems("kind", settings.controllers(str), {"kind"}))


def test_without_docker_the_image_is_a_problem_unless_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    built = KubernetesConfig(store=BUCKET, kind_cluster="k")
    with pytest.raises(BadInput, match="no Docker engine answers") as raised:
        Detached(OpenWorkspace(config=Config(root=tmp_path, targets={"kind": built}), override="kind")).check({"kind"})
    assert "controller_image" in str(raised.value)
    Detached(OpenWorkspace(config=Config(root=tmp_path, targets={"kind": READY}), override="kind")).check({"kind"})
    assert READY.controllers(str).image(print) == "registry.example/controller:1"


@dataclass
class Submitted(OpenWorkspace):
    """One run in memory, whose environments are made in memory too."""

    makers: FakeEnvironments = field(default_factory=FakeEnvironments)

    @override
    def environments(self, name: str) -> EnvironmentStore:  # noqa: ARG002 - there is one target
        return self.makers


@dataclass
class Answering(FakeCluster):
    """Whoever posts a controller's Secret finds that its pod has taken the run."""

    taken: Callable[[str], None] = print

    @override
    def create(self, kind: str, body: KubeObject, *, dry_run: bool = False) -> Created:
        made = super().create(kind, body, dry_run=dry_run)
        if kind == "secrets":
            self.taken(text(body, "metadata", "name"))
        return made


def a_plan(*pip: str) -> Plan:
    spec = EnvironmentSpec(pip=pip)
    return b.plan(b.step("a"), b.step("b"), environments={b.ENVIRONMENT: NamedEnvironment("mine", spec)})


@pytest.fixture
def cluster() -> Answering:
    return Answering()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def session(tmp_path: Path, cluster: Answering, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Submitted:
    made = Submitted(config=Config(root=tmp_path, targets={"kind": READY}), override="kind", notify=said.append)
    made.base_store = MemoryStore()
    jobs = ControllerJobs(cluster, ClusterSettings(store_id=made.store_id))
    monkeypatch.setattr(KubernetesControllers, "_jobs", jobs)
    monkeypatch.setattr(detached, "_LOOK", 0.0)
    monkeypatch.setattr(detached, "_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(detached, "_ASK", -1.0)
    cluster.taken = lambda job: take(made, pod_host("runner", f"{job}-abcde"))
    return made


def submit(session: Submitted, plan: Plan) -> None:
    submission = b.submission(plan, plan=plans.save(session.store, plan), targets={"a": "kind", "b": "kind"})
    journal.Writer(session.store, b.RUN, "submit", 0).append([e.RunSubmitted(submission)], b.T0)


def take(session: Submitted, host: str) -> None:
    number = session.view(b.RUN).state.number
    journal.Writer(session.store, b.RUN, host, number).append([e.ControllerStarted("c", host, 1)], b.T0)


def told(session: Submitted) -> list[e.Event]:
    return [event for entry in journal.read(session.store, b.RUN, 1) for event in entry.events]


def test_it_is_handed_over_with_its_images_made(session: Submitted, cluster: Answering) -> None:
    submit(session, a_plan("six"))
    Detached(session).start(b.RUN)
    ready, taken = told(session)
    assert isinstance(ready, e.EnvironmentReady)
    assert (ready.target, ready.built) == ("kind", True)
    assert isinstance(taken, e.ControllerStarted)
    (job,) = cluster.names("jobs")
    secret = cluster.get("secrets", job)
    assert secret is not None
    assert FILE in str(secret["data"])


@pytest.fixture
def hiding(session: Submitted, tmp_path: Path) -> Submitted:
    """Whose store has keys, and which has a secret."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"access_key": f"{CANARY}-1", "secret_key": f"{CANARY}-2"}))
    keys.chmod(0o600)
    secret = tmp_path / "secret.txt"
    secret.write_text(f"{CANARY}-3")
    secret.chmod(0o600)
    other = tmp_path / "other.txt"
    other.write_text(f"{CANARY}-4")
    other.chmod(0o600)
    target = replace(READY, store=replace(BUCKET, credentials=str(keys)))
    secrets = {"db": SecretSource(file=str(secret)), "other": SecretSource(file=str(other))}
    session.config = replace(session.config, targets={"kind": target}, secrets=secrets)
    return session


def test_keys_and_secrets_are_in_the_handovers_secret_and_nowhere_else(
    hiding: Submitted, cluster: Answering, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_plan("six")
    first = replace(plan.steps[0], access=Access(secrets=("db",)))
    submit(hiding, replace(plan, steps=(first, *plan.steps[1:])))
    Detached(hiding).start(b.RUN)
    (name,) = cluster.names("jobs")
    held = base64.b64decode(text(cluster.get("secrets", name), "data", FILE)).decode()
    assert [f"{CANARY}-{number}" in held for number in (1, 2, 3, 4)] == [True, True, True, False]
    holding = {kind for (kind, _), made in cluster._objects.items() if tells(json.dumps(made))}
    assert holding == {"secrets"}
    assert not [key for key in hiding.store.list("") if tells(hiding.store.get(key.key).decode("latin-1"))]
    assert not tells("\n".join(said) + "".join(capsys.readouterr()))


def test_the_actions_at_the_end_of_a_run_are_handed_over_with_their_secrets(
    hiding: Submitted, cluster: Answering, tmp_path: Path
) -> None:
    wanted = AfterRunConfig(mlflow=MlflowConfig(tracking_uri="https://m", token="${db}"))
    hiding.config = replace(hiding.config, after_run=wanted)
    submit(hiding, a_plan())
    Detached(hiding).start(b.RUN)
    (name,) = cluster.names("jobs")
    path = tmp_path / "handover.json"
    path.write_bytes(base64.b64decode(text(cluster.get("secrets", name), "data", FILE)))
    context = take_in_pod(path)
    context.store = hiding.store
    ended = context.ended_run(b.RUN)
    assert (context.after_run, ended.settings, ended.workspace) == (wanted, wanted, hiding.config.workspace)
    assert ended.secret("db") == f"{CANARY}-3"
    with pytest.raises(BadInput, match="had no value"):
        ended.secret("other")
    assert context.handle() == {"spec": str(path), "hint": " --target kind"}


def test_a_file_of_this_machine_stands_against_it(hiding: Submitted) -> None:
    hiding.config = replace(hiding.config, after_run=AfterRunConfig(openlineage=OpenLineageConfig(file="/l.jsonl")))
    with pytest.raises(BadInput, match=r"cannot write to /l\.jsonl"):
        Detached(hiding).check({"kind"})


def test_a_handover_that_fails_tells_nothing(hiding: Submitted, cluster: Answering, said: list[str]) -> None:
    submit(hiding, a_plan())
    cluster.denied.add(("create", "secrets"))
    with pytest.raises(ControllerGone) as raised:
        Detached(hiding).start(b.RUN)
    assert not tells(str(raised.value) + repr(raised.value.__cause__) + "\n".join(said))


def test_what_is_made_already_is_not_made_again(session: Submitted) -> None:
    submit(session, a_plan("six"))
    for _ in range(2):
        Detached(session).start(b.RUN)
    assert b.names(told(session)) == ["EnvironmentReady", "ControllerStarted", "ControllerStarted"]


def test_an_image_that_cannot_be_made_is_the_runs_failure(session: Submitted, said: list[str]) -> None:
    session.makers = FakeEnvironments(broken=["six"])
    submit(session, a_plan("six"))
    Detached(session).start(b.RUN)
    assert b.names(told(session)) == ["EnvironmentUnavailable", "ControllerStarted"]
    assert any("six cannot be installed" in line for line in said)


def test_a_rival_that_writes_at_the_same_time_only_costs_another_look(
    session: Submitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(session, a_plan("six"))
    append, losses = journal.Writer.append, [1, 2]

    def contested(self: journal.Writer, *what: object) -> e.JournalEntry:
        if losses:
            losses.pop()
            raise RunTaken("another was quicker")
        return append(self, *what)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(journal.Writer, "append", contested)
    Detached(session)._make_environments(b.RUN)
    monkeypatch.undo()
    assert b.names(told(session)) == ["EnvironmentReady"]


def test_an_environment_that_cannot_be_journaled_ends_the_handover(
    session: Submitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(session, a_plan("six"))

    def lose(*_what: object) -> e.JournalEntry:
        raise RunTaken("another was quicker")

    monkeypatch.setattr(journal.Writer, "append", lose)
    with pytest.raises(ControllerGone, match="is busy: 5 times another controller appended just before"):
        Detached(session).start(b.RUN)
    monkeypatch.undo()
    assert b.names(told(session)) == []


def test_a_pod_that_never_begins_is_told_and_leaves_nothing(session: Submitted, cluster: Answering) -> None:
    submit(session, a_plan())
    cluster.pods_at_once = False

    def refuse(job: str) -> None:
        uid = str(cluster._objects["jobs", job]["metadata"]["uid"])
        cluster.add_event(uid, "FailedCreate", "pods is forbidden: serviceaccount not found")

    cluster.taken = refuse
    with pytest.raises(ControllerGone) as raised:
        Detached(session).start(b.RUN)
    shown = str(raised.value)
    parts = ("serviceaccount not found", "namespace 'runner'", "docs/how-to/detached.md", "--detach", "runner cancel")
    assert [part for part in parts if part not in shown] == []
    assert cluster.names("jobs") == cluster.names("secrets") == ()


def test_a_pod_that_may_yet_begin_is_left_to_it(
    session: Submitted, cluster: Answering, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(session, a_plan())
    monkeypatch.setattr(detached, "PATIENCE", 0.05)
    cluster.taken = lambda _job: None
    Detached(session).start(b.RUN)
    assert "it may yet" in said[-1]
    assert len(cluster.names("jobs")) == 1


def test_a_store_that_is_away_while_the_pod_begins_is_waited_for(
    session: Submitted, cluster: Answering, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(session, a_plan())
    take_it, get, failures = cluster.taken, session.store.get, [1, 2]

    def away(key: str) -> bytes:
        if failures:
            failures.pop()
            raise StoreUnreachable("the store is restarting")
        return get(key)

    def take_and_leave(job: str) -> None:
        take_it(job)
        monkeypatch.setattr(session.store, "get", away)

    cluster.taken = take_and_leave
    Detached(session).start(b.RUN)
    assert not failures
    assert len(cluster.names("jobs")) == 1


def test_a_cluster_that_is_away_for_a_moment_is_asked_again(
    session: Submitted, cluster: Answering, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(session, a_plan())
    cluster.unreachable = True

    def answer_again(_seconds: float) -> None:
        cluster.unreachable = False

    monkeypatch.setattr(time, "sleep", answer_again)
    Detached(session).start(b.RUN)
    assert said[-1].startswith("waiting: no answer")
    assert len(cluster.names("jobs")) == 1


def test_a_cluster_that_does_not_answer_strands_the_run(session: Submitted, cluster: Answering) -> None:
    submit(session, a_plan())
    cluster.unreachable = True
    with pytest.raises(ControllerGone, match="no answer") as raised:
        Detached(session).start(b.RUN)
    assert isinstance(raised.value.__cause__, TargetUnreachable)


def test_taking_a_run_home_removes_its_pods(session: Submitted, cluster: Answering, said: list[str]) -> None:
    submit(session, a_plan())
    Detached(session).start(b.RUN)
    delete_detached(session, b.RUN)
    assert cluster.names("jobs") == ()
    cluster.unreachable = True
    delete_detached(session, b.RUN)
    assert "stays there" in said[-1]
