from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from runner.cluster.minio import check_answers
from runner.errors import StoreUnreachable
from runner.override import override


@contextmanager
def _server(status: int) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/minio/health/ready" else 404)
            self.end_headers()

        @override
        def log_request(self, code: object = "-", size: object = "-") -> None:
            assert code == status, size

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_ready_store_answers() -> None:
    with _server(200) as at:
        check_answers(at)


@pytest.mark.parametrize("status", [403, 503])
def test_another_answer_is_not_the_stores(status: int) -> None:
    with _server(status) as at, pytest.raises(StoreUnreachable, match=f"HTTP {status}"):
        check_answers(at)


def test_silence_is_no_answer() -> None:
    with _server(200) as at:
        gone = at
    with pytest.raises(StoreUnreachable, match="does not answer"):
        check_answers(gone)
