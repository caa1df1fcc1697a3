"""What all steps need goes away for a while: the API server, the store, and the way to the store. Runs go on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.model.status import RunStatus
from tests.support.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.support.kind_cluster import KindCluster
from tests.support.kind_faults import FaultBench, fault_bench
from tests.support.kind_hands import Hands, gateway

pytestmark = pytest.mark.kind
MOST_DARKNESS = 6.0
"""Seconds without a store: longer than one request is tried."""


def _note(text: str) -> None:
    sys.stderr.write(f"\n    {text}")


@pytest.fixture
def bench(kind_cluster: KindCluster, tmp_path: Path) -> Iterator[FaultBench]:
    with fault_bench(kind_cluster, tmp_path) as one:
        yield one


@pytest.fixture
def hands(kind_cluster: KindCluster) -> Hands:
    return Hands(kind_cluster)


@pytest.fixture
def proxy(kind_cluster: KindCluster) -> Iterator[FaultProxy]:
    with fault_proxy(kind_cluster.endpoint, "0.0.0.0") as one:
        yield one


def test_the_api_server_and_the_store_are_killed_while_a_run_goes_on(bench: FaultBench, hands: Hands) -> None:
    run = bench.submit(
        bench.step("first", "waits"),
        bench.step("beside", "waits"),
        bench.step("second", "waits", "first"),
    )
    for key in ("first", "beside"):
        bench.await_executions(key)
    begun = time.time()
    hands.kill_api_server()
    bench.ledger.release("first")  # it ends while nobody can see it
    hands.await_api_server()
    _note(f"the API server is back after {time.time() - begun:.1f} s")
    # Those that make pods and place them come back in their own time.
    bench.await_executions("second", seconds=180)
    _note(f"the next step runs {time.time() - begun:.1f} s after the kill")

    begun = time.time()
    hands.replace_store()
    _note(f"the store is back after {time.time() - begun:.1f} s")
    for key in ("second", "beside"):
        bench.ledger.release(key)
    bench.await_end(run)
    _note(f"the run has ended {time.time() - begun:.1f} s after the kill")
    bench.check_end(run, RunStatus.SUCCEEDED)
    assert bench.ledger.count() == {"first": 1, "second": 1, "beside": 1}


def _now_and_then(number: int, _method: str, _path: str) -> Fault | None:
    """Every third request: each fault in turn."""
    return list(Fault)[number // 3 % len(Fault)] if number % 3 == 0 else None


@pytest.mark.all_data
def test_a_faulty_way_to_the_store_costs_time_and_nothing_else(proxy: FaultProxy, bench: FaultBench) -> None:
    """The controller's and the pods' way alike."""
    near = f"http://{gateway()}:{proxy.port}"
    bench.desk.configure(capacity=20, store={"endpoint": proxy.endpoint, "cluster_endpoint": near})
    run = bench.submit(bench.step("first", "waits"), bench.step("second", "waits", "first"))
    bench.await_executions("first")
    proxy.inflict(_now_and_then)
    bench.ledger.release("first")
    bench.await_executions("second")
    _note(f"{dict(proxy.befallen)} of {proxy.befallen.total() + proxy.passed} requests")
    assert set(proxy.befallen) == set(Fault)

    proxy.inflict(lambda *_: Fault.BUSY)
    bench.ledger.release("second")  # it ends while the store takes nothing
    time.sleep(MOST_DARKNESS)
    dark = proxy.befallen[Fault.BUSY]
    proxy.heal()
    bench.await_end(run)
    _note(f"{dark} requests refused in {MOST_DARKNESS:.0f} s")
    bench.check_end(run, RunStatus.SUCCEEDED)
    assert bench.ledger.count() == {"first": 1, "second": 1}
