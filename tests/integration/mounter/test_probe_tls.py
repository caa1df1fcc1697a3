from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from runner.model.credentials import Credentials
from runner.mounter import probe
from runner.mounter.probe import check_access
from runner.mounter.refusal import Unavailable
from runner.mounter.volume import Volume
from tests.support.scripted_server import Reply, scripted_server

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")
KEYS = Credentials("name", "canary")


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


def test_the_authorities_of_the_secret_are_those_that_are_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "is_of_node", lambda _host: False)  # the server of the test is on this machine
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    with scripted_server(lambda _seen: Reply(body=b"<ListBucketResult/>"), context) as server:
        trusting = Volume(endpoint=server.endpoint, bucket="data", authorities=certificate.read_text())
        check_access(trusting, KEYS)
        with pytest.raises(Unavailable, match="ca_bundle"):
            check_access(Volume(endpoint=server.endpoint, bucket="data"), KEYS)
    assert len(server.seen) == 1
