from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace

import httpx

from runner import __version__
from runner.config.serve import ServeConfig, ServeLimits
from runner.errors import StoreUnreachable
from runner.override import override
from runner.ports import ObjectInfo
from tests.support.fake_clock import FakeClock
from tests.support.memory_store import MemoryStore
from tests.support.serving import client_of, context_of, live


class GoneStore(MemoryStore):
    @override
    def stat(self, key: str) -> None:
        raise StoreUnreachable(f"{key}: no connection")


def test_the_process_and_the_store_answer() -> None:
    client = client_of(context_of(lambda: SimpleNamespace(store=MemoryStore())), token="")
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_store_that_cannot_be_reached_makes_the_server_unready_but_healthy() -> None:
    client = client_of(context_of(lambda: SimpleNamespace(store=GoneStore())), token="")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "the store cannot be reached"
    assert client.get("/healthz").status_code == 200


class HangingStore(MemoryStore):
    """Answers no more from `stopped` on, until `go_on` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped, self.go_on, self.asked = Event(), Event(), Event()

    def wait(self) -> None:
        if self.stopped.is_set():
            self.asked.set()
            assert self.go_on.wait(60)

    @override
    def stat(self, key: str) -> ObjectInfo | None:
        self.wait()
        return super().stat(key)

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        self.wait()
        return super().list(prefix, after=after)


def test_who_asks_while_the_store_hangs_does_not_wait_for_it() -> None:
    store, clock = HangingStore(), FakeClock()
    client = client_of(context_of(lambda: SimpleNamespace(store=store), clock=clock), token="")
    assert client.get("/readyz").status_code == 200
    clock.advance(3)
    store.stopped.set()
    with ThreadPoolExecutor(1) as pool:
        try:
            first = pool.submit(client.get, "/readyz")
            assert store.asked.wait(30)
            assert client.get("/readyz").status_code == 200  # as it was a moment ago
            clock.advance(10)
            assert client.get("/readyz").status_code == 503
        finally:
            store.go_on.set()
        assert first.result().status_code == 200


def test_a_server_whose_threads_all_wait_for_the_store_is_alive() -> None:
    store = HangingStore()
    store.stopped.set()
    settings = ServeConfig(limits=ServeLimits(requests_per_second=1000))
    context = context_of(lambda: SimpleNamespace(store=store), settings)
    with live(context) as url, ThreadPoolExecutor(45) as pool:
        try:
            headers = {"Authorization": "Bearer all"}
            waiting = [
                pool.submit(httpx.get, f"{url}/api/v1/pipelines", headers=headers, timeout=90) for _ in range(45)
            ]
            assert any(pool_is_full(url) for _ in range(30))
            for path in ("/healthz", "/metrics"):
                assert httpx.get(url + path, timeout=10).status_code == 200
        finally:
            store.go_on.set()
        assert {each.result().status_code for each in waiting} == {200}


def pool_is_full(url: str) -> bool:
    """Return True if a call that needs a worker thread gets no answer."""
    try:
        httpx.get(f"{url}/openapi.json", timeout=1)
    except httpx.ReadTimeout:
        return True
    return False


def test_figures_count_calls_by_operation_and_status_alone() -> None:
    client = client_of(context_of(lambda: SimpleNamespace(store=MemoryStore())), token="")
    client.get("/healthz")
    client.get("/secret-looking-path")
    text = client.get("/metrics").text
    assert 'runner_http_requests_total{operation="health",status="200"} 1.0' in text
    assert 'runner_http_requests_total{operation="none",status="404"} 1.0' in text
    assert "secret-looking" not in text


def test_figures_tell_of_the_process_the_store_and_streams() -> None:
    class Away(MemoryStore):
        @override
        def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
            raise StoreUnreachable(f"no answer about {prefix}{after}")

    client = client_of(context_of(lambda: SimpleNamespace(store=Away())))
    assert client.get("/readyz").status_code == 200
    assert client.get("/api/v1/runs").status_code == 503
    text = client.get("/metrics").text
    assert 'runner_store_errors_total{kind="unreachable"} 1.0' in text
    assert "runner_store_reachable 1.0" in text
    assert "runner_http_streams_open 0.0" in text
    assert 'runner_http_first_byte_seconds_count{operation="readiness"} 1.0' in text
    assert 'runner_http_response_bytes_total{operation="readiness"} ' in text
    assert f'runner_build_info{{version="{__version__}"}} 1.0' in text
    assert "process_resident_memory_bytes " in text
