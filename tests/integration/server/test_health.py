from __future__ import annotations

from types import SimpleNamespace

from runner.errors import StoreUnreachable
from runner.override import override
from tests.support.memory_store import MemoryStore
from tests.support.serving import client_of, context_of


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


def test_figures_count_calls_by_operation_and_status_alone() -> None:
    client = client_of(context_of(lambda: SimpleNamespace(store=MemoryStore())), token="")
    client.get("/healthz")
    client.get("/secret-looking-path")
    text = client.get("/metrics").text
    assert 'runner_http_requests_total{operation="health",status="200"} 1.0' in text
    assert 'runner_http_requests_total{operation="none",status="404"} 1.0' in text
    assert "secret-looking" not in text
