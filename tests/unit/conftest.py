"""The promise of this tier: a unit test starts no process and no thread, opens no connection and does not sleep.

tests/integration/test_tiers.py shows that a test that breaks it fails with the reason.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

FORBIDDEN = {
    "subprocess.Popen": "starts a process",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.system": "starts a process",
    "socket.bind": "opens a socket",
    "socket.connect": "opens a connection",
    "socket.getaddrinfo": "asks for a name in the network",
    "time.sleep": "sleeps",
}
"""Audit events (https://docs.python.org/3/library/audit_events.html) and what they mean; `time.sleep` from 3.11 on."""
_watching = False


def _refuse(what: str) -> None:
    pytest.fail(f"a unit test {what}; move it to tests/integration", pytrace=True)


def _audit(event: str, _: tuple[object, ...]) -> None:
    if _watching and event in FORBIDDEN:
        _refuse(FORBIDDEN[event])


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _pure(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Watch the test, not what the plugins of pytest do between tests."""
    global _watching
    monkeypatch.setattr(threading.Thread, "start", lambda _: _refuse("starts a thread"))
    _watching = True
    yield
    _watching = False
