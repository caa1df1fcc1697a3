"""The same over TLS, with a certificate made for the test."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.errors import StoreError
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.storage.s3.store import BucketStore
from tests.support.scripted_server import Reply, ScriptedServer, scripted_server

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "certificate.pem"
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {path}.key -out {path}".split(),
        check=True,
        capture_output=True,
    )
    return path


@pytest.fixture
def server(certificate: Path) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    with scripted_server(lambda seen: Reply(body=b"content" if seen.method == "GET" else b""), context) as running:
        yield running


def test_a_trusted_server_is_used_and_the_body_left_to_tls(
    server: ScriptedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    store = BucketStore(BucketEndpoint(bucket="data", endpoint=server.endpoint, credentials=Credentials("k", "s")))
    (tmp_path / "file").write_bytes(b"in the file")
    store.put("one", b"1")
    store.upload("one", tmp_path / "file")
    assert store.get("one") == b"content"
    store.close()
    assert [seen.body for seen in server.seen] == [b"1", b"in the file", b""]
    assert {seen.headers["x-amz-content-sha256"] for seen in server.seen} == {"UNSIGNED-PAYLOAD"}
    assert len({seen.connection for seen in server.seen}) == 1


def test_a_strange_certificate_is_final(server: ScriptedServer) -> None:
    with pytest.raises(StoreError, match="SSL_CERT_FILE"):
        BucketStore(BucketEndpoint(bucket="data", endpoint=server.endpoint)).get("one")
    assert server.seen == []
