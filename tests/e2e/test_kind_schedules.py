"""A schedule on a cluster: one run for each due time, whatever is killed. The runs are submitted by pods."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from runner.compute.kubernetes.schedules import SCHEDULE_LABEL
from runner.images.controller import ControllerImage
from runner.model import events as e
from runner.model.firing import Firing, FiringState
from runner.model.status import RunStatus
from runner.operations.published import schedule_history
from runner.runs import index
from tests.support.kind_cluster import KindCluster
from tests.support.kind_ledger import Ledger, open_ledger
from tests.support.kind_runs import Namespace, RunContext, a_desk, name_of, patiently
from tests.support.kind_serving import serving_pods

pytestmark = pytest.mark.kind

BEAT = """
import sys, urllib.request, uuid

name, ledger, seconds = sys.argv[1:]
urllib.request.urlopen(urllib.request.Request(f"{ledger}/{name}/{uuid.uuid4()}", data=b"ran", method="PUT"))
"""
DRIVER = """
from azureml.pipeline.core import Schedule, ScheduleRecurrence

config = RunConfiguration()
config.environment = ready.environment
arguments = ["beat", "{ledger}", "1"]
beat = step("beat", "beat.py", config, arguments=arguments, allow_reuse=False)
published = Pipeline(ws, steps=[beat]).publish(name="beat")
each_minute = ScheduleRecurrence(frequency="Minute", interval=1)
made = Schedule.create(
    ws, "each minute", published.id, "beats", recurrence=each_minute, wait_for_provisioning=True, wait_timeout=60
)
print("schedule", made.id)
"""


@pytest.fixture
def ledger(kind_cluster: KindCluster) -> Iterator[Ledger]:
    with open_ledger(kind_cluster) as one:
        yield one


@pytest.fixture
def namespace(kind_cluster: KindCluster) -> Namespace:
    return Namespace(kind_cluster)


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    image = ControllerImage().on_kind(kind_cluster.name, print)
    one = a_desk(tmp_path / "laptop", kind_cluster).configure(controller_image=image)
    yield one
    one.delete()


@pytest.fixture
def schedule(desk: RunContext, ledger: Ledger, namespace: Namespace) -> Iterator[str]:
    """The id of a schedule whose driver has gone."""
    desk.driver(DRIVER.format(ledger=ledger.url), beat=BEAT)
    done = desk.runner("run", "driver.py", "--target", "kind").ok()
    found = re.search(r"schedule (\S+)", done.out)
    assert found, done.text
    yield found[1]
    desk.runner("schedules", "disable", found[1], "--target", "kind")
    namespace.delete_cron_job(f"schedule-{found[1]}")


def firings(desk: RunContext, schedule: str) -> list[Firing]:
    """Oldest first."""
    return list(schedule_history.newest_first(desk.store, schedule))[::-1]


def kill_one(namespace: Namespace, labels: str) -> str:
    """Kill a pod that runs; its name, or nothing."""
    for pod in namespace.items("pods", labels):
        if pod["status"].get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp"):
            namespace.kill_pod(name_of(pod))
            return name_of(pod)
    return ""


def check_each_minute_once(desk: RunContext, schedule: str, ledger: Ledger, least: int) -> None:
    """Each due time has one run, which its schedule names; each run has run its step once."""
    found = firings(desk, schedule)
    dues = [firing.due for firing in found]
    assert {later - earlier for earlier, later in pairwise(dues)} == {timedelta(minutes=1)}
    assert {firing.state for firing in found} == {FiringState.SUBMITTED}, found
    runs = list(index.run_ids(desk.store))
    assert sorted(runs) == sorted(firing.run for firing in found)
    assert len(runs) >= least
    views = [desk.view(run) for run in runs]
    assert {view.state.status for view in views} == {RunStatus.SUCCEEDED}
    assert {view.state.submission.schedule for view in views if view.state.submission} == {schedule}
    assert ledger.count() == {"beat": len(runs)}
    hosts = [event.host for run in runs for event in desk.events(run) if isinstance(event, e.ControllerStarted)]
    assert all(host.startswith("pod ") for host in hosts)


def let_it_run(desk: RunContext, schedule: str, runs: int, seconds: float, each_time: Callable[[int], None]) -> None:
    """Wait for so many ended runs, and call `each_time` with the number of ended ones; then disable the schedule."""

    def ended() -> int:
        return sum(desk.view(run).state.over for run in index.run_ids(desk.store))

    deadline = time.monotonic() + seconds
    while (count := ended()) < runs:
        assert time.monotonic() < deadline, (count, firings(desk, schedule))
        each_time(count)
        time.sleep(0.5)
    desk.runner("schedules", "disable", schedule, "--target", "kind").ok()
    patiently(lambda: all(firing.state is not FiringState.CLAIMED for firing in firings(desk, schedule)), "firings")
    patiently(lambda: ended() == len(list(index.run_ids(desk.store))), "the end of all runs", 120)


def test_each_due_time_has_one_run_though_a_pod_is_killed(
    desk: RunContext, schedule: str, ledger: Ledger, namespace: Namespace
) -> None:
    killed: list[str] = []

    def once(_count: int) -> None:
        if not killed:
            killed.extend(filter(None, [kill_one(namespace, f"{SCHEDULE_LABEL}={schedule}")]))

    let_it_run(desk, schedule, 2, 200, once)
    assert killed
    check_each_minute_once(desk, schedule, ledger, 2)


@pytest.mark.all_data
def test_five_minutes_with_everything_killed(
    desk: RunContext, schedule: str, ledger: Ledger, namespace: Namespace, kind_cluster: KindCluster
) -> None:
    """A pod of the schedule, a controller and a server are killed in each minute."""
    killed: dict[tuple[int, str], str] = {}
    with serving_pods(desk, kind_cluster) as pods:
        kinds = (f"{SCHEDULE_LABEL}={schedule}", "app.kubernetes.io/component=controller", pods.labels)

        def kill(count: int) -> None:
            for labels in kinds:
                if (count, labels) not in killed:
                    name = kill_one(namespace, labels)
                    killed.update({(count, labels): name} if name else {})

        let_it_run(desk, schedule, 5, 480, kill)
        patiently(lambda: pods.status() == 200, "a server", 120, 0.5)
    print("killed:", sorted(killed.values()))
    assert {labels for _, labels in killed} == set(kinds)
    check_each_minute_once(desk, schedule, ledger, 5)
