"""Schedules of a workspace whose target is a cluster: a fake API server shows what was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.controllers import KubernetesControllers
from runner.compute.kubernetes.schedules import KubernetesWorkspace
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.workspace_pod import OWN_IMAGE
from runner.config import LOCAL, Config
from runner.config.store import DatastoreConfig
from runner.datastores import BucketConfig
from runner.errors import BadInput
from runner.model.access import Access
from runner.model.data import DatastorePath
from runner.model.digest import digest_of
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.published import (
    EndpointRecord,
    EndpointVersion,
    ParameterValues,
    PreparedEnvironment,
    PublishedRecord,
    Status,
)
from runner.model.schedule import DatastoreTrigger, Frequency, Recurrence, ScheduleRecord
from runner.model.secret import SecretSource
from runner.model.step import InputSpec
from runner.operations.published import firing, pipelines
from runner.operations.published.documents import Documents
from runner.operations.submit import submit
from runner.operations.values import Request
from runner.runs import plans
from runner.storage.local_folder import FolderConfig
from runner.wiring.controllers import Controllers
from runner.wiring.detached import Detached
from runner.wiring.workspace import OpenWorkspace
from tests.support import builders as b
from tests.support.fake_api import FakeCluster
from tests.support.memory_store import MemoryStore

AT = datetime(2026, 11, 29, 10, tzinfo=timezone.utc)
ID = "5a1b6c1e-0000-4000-8000-00000000000{}"
DAILY = Recurrence(frequency=Frequency.DAY, interval=2, start="2026-11-29T06:30:00")
KIND = KubernetesConfig(store=BucketConfig(bucket="own", endpoint="http://near:1"), controller_image="controller:1")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    one = FakeCluster()
    host = KubernetesWorkspace(one, ClusterSettings(store_id="store-1"))
    monkeypatch.setattr(KubernetesControllers, "workspace", lambda _self: host)
    return one


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def session(tmp_path: Path, said: list[str]) -> OpenWorkspace:
    folder = DatastoreConfig(place=FolderConfig(str(tmp_path)), where="runner.yaml: datastores.here", kind="folder")
    config = Config(root=tmp_path, targets={"kind": KIND, **configured_here()}, datastores={"here": folder})
    one = OpenWorkspace(config=config, override="kind", notify=said.append)
    one.base_store = MemoryStore()
    return one


def configured_here() -> Mapping[str, Any]:
    from runner.compute.process.config import ProcessConfig

    return {LOCAL: ProcessConfig()}


def published(session: OpenWorkspace, plan: Plan, number: int = 1) -> str:
    record = PublishedRecord(id=f"p{number}", name="train", plan=plans.save(session.store, plan), created=AT)
    pipelines.create(session.store, record)
    return record.id


def a_schedule(session: OpenWorkspace, number: int = 1, **changes: Any) -> ScheduleRecord:
    known: dict[str, Any] = {"recurrence": DAILY, "pipeline": "p1", "target": "kind", **changes}
    record = ScheduleRecord(id=ID.format(number), name="nightly", experiment="x", active_since=AT, created=AT, **known)
    Documents(session.store, "schedules", ScheduleRecord).create(record.id, record)
    return record


def cron_job(cluster: FakeCluster, record: ScheduleRecord) -> Any:
    found: Any = cluster.get("cronjobs", f"schedule-{record.id}")
    return found["spec"]


def image_of(cluster: FakeCluster, record: ScheduleRecord) -> str:
    pod = cron_job(cluster, record)["jobTemplate"]["spec"]["template"]["spec"]
    return str(pod["containers"][0]["image"])


def test_a_schedule_gets_a_workspace_and_a_timer(session: OpenWorkspace, cluster: FakeCluster) -> None:
    published(session, b.plan(b.step("a")))
    record = a_schedule(session)
    session.place_schedule(record)
    assert cluster.names("secrets") == ("runner-workspace-store-1",)
    made = cron_job(cluster, record)
    assert (made["schedule"], made["timeZone"], made["suspend"]) == ("30 6 * * *", "Etc/UTC", False)
    session.place_schedule(replace(record, status=Status.DISABLED))
    assert cron_job(cluster, record)["suspend"] is True
    session.place_schedule(record)
    assert cron_job(cluster, record)["suspend"] is False
    session.place_schedule(replace(record, status=Status.ARCHIVED))
    assert cluster.names("cronjobs") == ()


def test_a_trigger_polls(session: OpenWorkspace, cluster: FakeCluster) -> None:
    published(session, b.plan(b.step("a")))
    record = a_schedule(
        session, recurrence=None, trigger=DatastoreTrigger(datastore="workspacefilestore", polling_minutes=20)
    )
    session.place_schedule(record)
    assert cron_job(cluster, record)["schedule"] == "0,20,40 * * * *"


def test_what_no_pod_has_is_told_before_anything_is_made(session: OpenWorkspace, cluster: FakeCluster) -> None:
    step = b.step("a", inputs=(InputSpec(name="data", source=DatastorePath("here", "x")),))
    published(session, b.plan(step))
    endpoint = EndpointRecord(
        id="e1", name="e", versions=(EndpointVersion(version="0", pipeline="p1"),), default="0", created=AT
    )
    Documents(session.store, "endpoints", EndpointRecord).create("e1", endpoint)
    for record in (a_schedule(session), a_schedule(session, 2, pipeline="", endpoint="e1")):
        with pytest.raises(BadInput, match="'here' cannot be used in the cluster: it is a folder of this machine"):
            session.place_schedule(record)
    published(session, b.plan(b.step("a")), 2)
    watching = {"recurrence": None, "trigger": DatastoreTrigger(datastore="here")}
    given = {"values": ParameterValues(data={"folder": DatastorePath("here", "x")})}
    both: tuple[dict[str, Any], ...] = (watching, given)
    for number, more in enumerate(both, 4):
        with pytest.raises(BadInput, match="'here' cannot be used in the cluster"):
            session.place_schedule(a_schedule(session, number, pipeline="p2", **more))
    with pytest.raises(BadInput, match="no pipeline endpoint 'e2'"):
        session.place_schedule(a_schedule(session, 3, pipeline="", endpoint="e2"))
    assert cluster.names("cronjobs") == cluster.names("secrets") == ()


def test_a_configuration_that_lacks_what_other_schedules_need_replaces_nothing(
    session: OpenWorkspace, cluster: FakeCluster, tmp_path: Path
) -> None:
    """Two people share a store: the second one's schedule must not end the first one's."""
    (tmp_path / "db").write_text("hidden")
    (tmp_path / "db").chmod(0o600)
    whole, poor = replace(session.config, secrets={"db": SecretSource(file=str(tmp_path / "db"))}), session.config
    published(session, b.plan(b.step("a", access=Access(secrets=("db",)))))
    published(session, b.plan(b.step("a")), 2)
    session.config = whole
    first = a_schedule(session)
    session.place_schedule(first)
    kept = cluster.names("secrets"), cluster.names("cronjobs")
    session.config = poor
    second = a_schedule(session, 2, pipeline="p2")
    with pytest.raises(BadInput, match=rf"schedule 'nightly' \({first.id}\).*lacks the secret 'db'"):
        session.place_schedule(second)
    assert (cluster.names("secrets"), cluster.names("cronjobs")) == kept
    with pytest.raises(BadInput, match="lacks the secret 'db'"):  # its own
        session.place_schedule(first)
    Documents(session.store, "schedules", ScheduleRecord).change(
        first.id, lambda one: replace(one, status=Status.DISABLED)
    )
    session.place_schedule(second)
    assert cron_job(cluster, second)


def test_a_schedule_whose_pipeline_is_gone_holds_up_no_other(session: OpenWorkspace, cluster: FakeCluster) -> None:
    published(session, b.plan(b.step("a")))
    a_schedule(session, 2, pipeline="gone")
    session.place_schedule(a_schedule(session))
    assert len(cluster.names("cronjobs")) == 2


def test_on_this_machine_somebody_has_to_fire_it(session: OpenWorkspace, cluster: FakeCluster, said: list[str]) -> None:
    session.place_schedule(a_schedule(session, target=LOCAL))
    note = "schedule 'nightly' fires while `runner serve` runs, or by `runner schedules fire`"
    assert said.pop() == f"{note}, where the target in force is 'local'"
    session.override = LOCAL
    session.place_schedule(a_schedule(session, 2, target=LOCAL))
    assert said == [note]
    assert not cluster.calls


def test_a_schedule_whose_target_nobody_knows_here_can_only_be_disabled(
    session: OpenWorkspace, cluster: FakeCluster, said: list[str]
) -> None:
    record = a_schedule(session, target="gone")
    with pytest.raises(BadInput, match="belongs to the target 'gone', which this configuration lacks"):
        session.place_schedule(record)
    session.place_schedule(replace(record, status=Status.DISABLED))
    assert said == []
    assert not cluster.calls


def test_a_timer_of_the_cluster_fires_its_schedules(session: OpenWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    there, here = a_schedule(session), a_schedule(session, 2, target=LOCAL)
    assert (session.has_timer(there), session.has_timer(here)) == (True, False)
    assert firing.elsewhere(session, there) == "a timer of its target 'kind' fires it"
    assert "'local', and 'kind' is in force" in firing.elsewhere(session, here)
    monkeypatch.setenv(OWN_IMAGE, "controller:1")  # as in the pod of the timer
    assert firing.elsewhere(session, there) == ""


def test_a_change_from_where_another_target_is_in_force_reaches_the_timer(
    session: OpenWorkspace, cluster: FakeCluster
) -> None:
    published(session, b.plan(b.step("a")))
    record = a_schedule(session)
    session.place_schedule(record)
    session.override = LOCAL
    session.place_schedule(replace(record, status=Status.DISABLED))
    assert cron_job(cluster, record)["suspend"] is True
    daily = Recurrence(frequency=Frequency.DAY, interval=1, start="2026-11-29T07:15:00")
    session.place_schedule(replace(record, recurrence=daily))
    made = cron_job(cluster, record)
    assert (made["schedule"], made["suspend"]) == ("15 7 * * *", False)


def test_the_others_get_the_image_of_the_changed_workspace(
    session: OpenWorkspace, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(session, b.plan(b.step("a")))
    first, second = a_schedule(session), a_schedule(session, 2)
    ended = a_schedule(session, 3, status=Status.DISABLED)
    session.place_schedule(first)
    monkeypatch.setattr(KubernetesControllers, "image", lambda _self, _notify: "controller:2")
    session.place_schedule(second)
    assert (image_of(cluster, first), image_of(cluster, second)) == ("controller:2", "controller:2")
    assert cluster.get("cronjobs", f"schedule-{ended.id}") is None


@pytest.mark.parametrize(
    ("target", "schedule", "started"),
    [("kind", ID, ["cluster"]), ("kind", "", ["here"]), (LOCAL, ID, ["here"])],
)
def test_runs_of_schedules_are_driven_in_the_cluster(
    session: OpenWorkspace, monkeypatch: pytest.MonkeyPatch, target: str, schedule: str, started: list[str]
) -> None:
    """A schedule without a start fires when it is created: on a laptop that may be turned off then."""
    found: list[str] = []
    monkeypatch.setattr(Detached, "start", lambda _self, _run: found.append("cluster"))
    monkeypatch.setattr(Controllers, "start", lambda _self, _run: found.append("here"))
    session.override = target
    plan = b.plan(b.step("a"))
    request = Request(experiment="x", schedule=schedule)
    run = submit(session.store, plan, {"a-1": target}, request, session.submitter())
    session.start_controller(run)
    assert found == started


def test_a_pod_uses_the_images_of_the_publication(session: OpenWorkspace) -> None:
    environment = NamedEnvironment("mine", EnvironmentSpec(pip=("attrs==23.1",)))
    other = NamedEnvironment("mine", EnvironmentSpec(pip=("attrs==23.2",)))
    plan = b.plan(b.step("a"), environments={b.ENVIRONMENT: environment})
    made = PreparedEnvironment(environment=b.ENVIRONMENT, target="kind", reference="env:1", lock=digest_of("lock"))
    record = PublishedRecord(id="p1", name="train", plan="x", prepared=(made,), created=AT)
    assert session.environments("kind").problems(environment)
    session.remember_prepared(record, plan)
    makers = session.environments("kind")
    assert not makers.problems(environment)
    found = makers.ensure(environment, print)
    assert (found.reference, found.lock) == ("env:1", digest_of("lock"))
    assert makers.problems(other)
