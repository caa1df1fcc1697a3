from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from runner.errors import BadInput
from runner.operations import sessions, tokens
from runner.operations.kept_records import KEPT_SECONDS
from runner.override import override
from runner.ports import ObjectInfo
from tests.support.builders import T0
from tests.support.fake_clock import FakeClock
from tests.support.memory_store import MemoryStore


def made(store: MemoryStore, *, lifetime: timedelta | None = None) -> tuple[sessions.NewSession, tokens.NewToken]:
    token = tokens.create(store, "ci", ["read"], lifetime=lifetime, now=T0, entropy=bytes(40), user="ann")
    return sessions.create(store, token.record, T0, bytes(range(40))), token


def verifier(store: MemoryStore, clock: FakeClock) -> sessions.SessionVerifier:
    return sessions.SessionVerifier(store, tokens.Verifier(store, clock), clock)


def test_a_session_stands_for_its_token() -> None:
    store = MemoryStore()
    session, token = made(store)
    assert verifier(store, FakeClock()).verify(session.text) == token.record
    assert session.text not in repr(session)


@pytest.mark.parametrize(
    "text", ["", "rs_", "rs_0001020304050607_" + "0" * 64, "rs_ffffffffffffffff_" + "0" * 64, "x" * 5000, "rs_é"]
)
def test_another_text_is_none(text: str) -> None:
    store = MemoryStore()
    made(store)
    with pytest.raises(BadInput):
        verifier(store, FakeClock()).verify(text)


def test_a_token_is_no_session_and_a_session_is_no_token() -> None:
    store, clock = MemoryStore(), FakeClock()
    session, token = made(store)
    with pytest.raises(BadInput):
        verifier(store, clock).verify(token.text)
    with pytest.raises(BadInput):
        tokens.Verifier(store, clock).verify(session.text)


def test_a_session_does_not_outlive_its_token() -> None:
    store, clock = MemoryStore(), FakeClock()
    session, _ = made(store, lifetime=timedelta(minutes=5))
    assert session.record.expires == T0 + timedelta(minutes=5)
    checks = verifier(store, clock)
    checks.verify(session.text)
    clock.advance(300)
    with pytest.raises(BadInput):
        checks.verify(session.text)


def test_an_end_counts_at_once_here_and_soon_elsewhere() -> None:
    store, clock = MemoryStore(), FakeClock()
    session, _ = made(store)
    here, elsewhere = verifier(store, clock), verifier(store, clock)
    elsewhere.verify(session.text)
    here.end(session.text)
    here.end(session.text)
    with pytest.raises(BadInput, match="ended"):
        here.verify(session.text)
    clock.advance(KEPT_SECONDS)
    with pytest.raises(BadInput, match="ended"):
        elsewhere.verify(session.text)


class AgedStore(MemoryStore):
    """Says of each object whose key has an ``f`` that it is a day old."""

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        now = self.now().timestamp()
        for info in super().list(prefix, after=after):
            yield ObjectInfo(info.key, info.size, info.etag, now - 86400 * ("/f" in info.key))


def test_records_of_old_sessions_are_swept() -> None:
    store = AgedStore()
    token = tokens.create(store, "ci", ["read"], lifetime=None, now=T0, entropy=bytes(40)).record
    for first in (0x00, 0xFF):
        sessions.create(store, token, T0, bytes([first]) * 40)
    sessions.sweep(store)
    left = [key for key in store.objects if key.startswith("serve/sessions/")]
    assert [key.split("/")[2][0] for key in left] == ["0"]
    assert any(key.startswith("serve/tokens/") for key in store.objects)
