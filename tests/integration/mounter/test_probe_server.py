from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from runner.model.credentials import Credentials
from runner.mounter import probe
from runner.mounter.probe import check_access
from runner.mounter.refusal import Denied, Invalid, Unavailable
from runner.mounter.volume import Volume
from runner.override import override

KEYS = Credentials("name", "canary", "token")
LISTING = b"<ListBucketResult/>"


class Store(BaseHTTPRequestHandler):
    """Gives its answers one after the other."""

    answers: ClassVar[list[tuple[int, bytes]]] = []
    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        status, body = self.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def volume(monkeypatch: pytest.MonkeyPatch) -> Iterator[Volume]:
    monkeypatch.setattr(probe, "is_of_node", lambda _host: False)  # the server of the test is on this machine
    Store.answers, Store.asked = [], []
    server = HTTPServer(("127.0.0.1", 0), Store)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Volume(endpoint=f"http://127.0.0.1:{server.server_port}", bucket="data", prefix="a b")
    server.shutdown()
    server.server_close()


def test_one_signed_question_for_one_key_is_enough(volume: Volume) -> None:
    Store.answers = [(200, LISTING)]
    check_access(volume, KEYS)
    ((path, headers),) = Store.asked
    assert path == "/data?delimiter=%2F&list-type=2&max-keys=1&prefix=a%20b%2F"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=name/")
    assert headers["x-amz-security-token"] == "token"
    assert "canary" not in str(headers)


def test_a_busy_store_is_asked_again(volume: Volume) -> None:
    Store.answers = [(503, b""), (200, LISTING)]
    check_access(volume, KEYS, pause=0)
    assert len(Store.asked) == 2


def test_a_refusal_is_final(volume: Volume) -> None:
    Store.answers = [(403, b"<Code>AccessDenied</Code>")]
    with pytest.raises(Denied):
        check_access(volume, KEYS, pause=0)


def test_a_store_that_is_not_there_is_told(volume: Volume) -> None:
    away = Volume(endpoint="http://127.0.0.1:9", bucket="data")
    with pytest.raises(Unavailable, match="does not answer"):
        check_access(away, KEYS, attempts=2, pause=0)


def test_a_name_of_the_node_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Invalid, match="leads to the node"):
        check_access(Volume(endpoint="http://127.0.0.1:9", bucket="data"), KEYS, attempts=1)


def test_a_name_that_leads_to_the_nodes_own_address_is_refused_before_anything_is_sent(volume: Volume) -> None:
    with pytest.raises(Invalid, match=r"127\.0\.0\.1, which is the node itself: state that address in ENDPOINTS"):
        check_access(volume, KEYS, own={"127.0.0.1"}, attempts=1)
    assert not Store.asked


def test_authorities_that_are_none_are_told(volume: Volume) -> None:
    secure = Volume(endpoint="https://127.0.0.1:9", bucket="data", authorities="no PEM")
    with pytest.raises(Invalid, match=r"ca\.crt"):
        check_access(secure, KEYS, attempts=1)
