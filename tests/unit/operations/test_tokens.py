from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import BadInput
from runner.model import token
from runner.model.published import EndpointRecord, PublishedRecord
from runner.model.redaction import holds_login, redacted
from runner.operations import tokens
from runner.operations.kept_records import KEPT_SECONDS
from runner.operations.published.documents import Documents
from runner.override import override
from tests.support.builders import T0
from tests.support.fake_clock import FakeClock
from tests.support.memory_store import MemoryStore

ENTROPY = bytes(range(40))
DAY = timedelta(days=1)
_HEX = "0123456789abcdef"


def made(
    store: MemoryStore, *scopes: str, name: str = "ci", lifetime: timedelta | None = DAY, seed: int = 0
) -> tokens.NewToken:
    entropy = bytes([seed]) + ENTROPY[1:]
    return tokens.create(store, name, scopes or ("read",), lifetime=lifetime, now=T0, entropy=entropy, user="ann")


def published(store: MemoryStore, identity: str, name: str, day: int = 0) -> str:
    record = PublishedRecord(id=identity, name=name, plan="p" * 64, created=T0 + day * DAY)
    Documents(store, "pipelines", PublishedRecord).create(identity, record)
    return identity


def endpoint(store: MemoryStore, identity: str, name: str) -> str:
    Documents(store, "endpoints", EndpointRecord).create(identity, EndpointRecord(id=identity, name=name, created=T0))
    return identity


def test_a_token_verifies_and_the_store_does_not_know_its_secret() -> None:
    store = MemoryStore()
    new = made(store, "read", "submit")
    record = tokens.Verifier(store, FakeClock()).verify(new.text)
    assert record == new.record
    assert (record.name, record.scopes, record.user, record.expires) == ("ci", ("read", "submit"), "ann", T0 + DAY)
    secret = new.text.rpartition("_")[2]
    assert secret == ENTROPY[8:].hex()
    assert not any(secret.encode() in data or ENTROPY[8:] in data for data in store.objects.values())
    assert secret not in repr(new)


@given(st.data())
def test_no_other_text_verifies(data: st.DataObject) -> None:
    store = MemoryStore()
    text = made(store).text
    at = data.draw(st.integers(0, len(text) - 1))
    changes = st.one_of(
        st.characters().map(lambda one: text[:at] + one + text[at + 1 :]),
        st.just(text[:at] + text[at + 1 :]),
        st.characters().map(lambda one: text[:at] + one + text[at:]),
        st.text(_HEX, min_size=64, max_size=64).map(lambda secret: text[:20] + secret),
        st.sampled_from([text.upper(), f" {text}", f"{text}\n", text * 2, text[:20] + "0" * 64]),
        st.text(),
    )
    other = data.draw(changes.filter(lambda one: one != text))
    with pytest.raises(BadInput) as refused:
        tokens.Verifier(store, FakeClock()).verify(other)
    assert text[20:] not in str(refused.value)
    assert tokens.Verifier(store, FakeClock()).verify(text).name == "ci"


def test_the_secret_of_one_token_does_not_open_another() -> None:
    store = MemoryStore()
    one = made(store)
    other = tokens.create(store, "b", ["submit"], lifetime=None, now=T0, entropy=bytes(40))
    with pytest.raises(BadInput, match="unknown"):
        tokens.Verifier(store, FakeClock()).verify(token.token_text(other.record.id, token.parsed(one.text).secret))  # type: ignore[union-attr]


def test_a_token_ends_when_it_expires() -> None:
    store, clock = MemoryStore(), FakeClock()
    verifier, text = tokens.Verifier(store, clock), made(store, lifetime=timedelta(seconds=10)).text
    clock.advance(9.999)
    verifier.verify(text)
    clock.advance(0.001)
    with pytest.raises(BadInput, match="'ci' has expired"):
        verifier.verify(text)
    for_ever = made(store, lifetime=None, seed=1)
    clock.advance(1e9)
    assert verifier.verify(for_ever.text).expires is None


def test_a_revocation_takes_effect_within_the_stated_time_in_a_server_that_knows_the_token() -> None:
    store, clock = MemoryStore(), FakeClock()
    verifier, new = tokens.Verifier(store, clock), made(store)
    verifier.verify(new.text)
    assert [one.id for one in tokens.revoke(store, "ci", clock.now())] == [new.record.id]
    clock.advance(KEPT_SECONDS)
    with pytest.raises(BadInput, match="revoked"):
        verifier.verify(new.text)
    with pytest.raises(BadInput, match="revoked"):
        tokens.Verifier(store, clock).verify(new.text)


def test_a_burst_of_calls_reads_the_record_once() -> None:
    store, clock = MemoryStore(), FakeClock()
    reads: list[str] = []
    verifier, text = tokens.Verifier(_Counting(store, reads), clock), made(store).text
    for _ in range(100):
        verifier.verify(text)
    assert len(reads) == 1


class _Counting(MemoryStore):
    def __init__(self, store: MemoryStore, reads: list[str]) -> None:
        super().__init__()
        self.objects, self.reads = store.objects, reads

    @override
    def get(self, key: str) -> bytes:
        self.reads.append(key)
        return super().get(key)


def test_what_is_kept_is_bounded_for_a_client_that_guesses() -> None:
    verifier = tokens.Verifier(MemoryStore(), FakeClock())
    for number in range(3000):
        with pytest.raises(BadInput):
            verifier.verify(token.token_text(f"{number:016x}", "0" * 64))
    assert len(verifier._records._absent) <= 1024


def test_revoking_a_name_revokes_all_its_tokens_and_an_id_one() -> None:
    store = MemoryStore()
    first, second, other = made(store, seed=1), made(store, seed=2), made(store, name="x", seed=3)
    assert [one.id for one in tokens.revoke(store, first.record.id, T0)] == [first.record.id]
    assert [one.id for one in tokens.revoke(store, "ci", T0)] == [second.record.id]
    assert tokens.revoke(store, "ci", T0) == []
    assert {one.id for one in tokens.all_of(store) if not one.revoked} == {other.record.id}
    with pytest.raises(BadInput, match="did you mean 'ci'"):
        tokens.revoke(store, "cj", T0)


def test_names_in_scopes_become_ids_when_the_token_is_made() -> None:
    store = MemoryStore()
    old, new = published(store, "1" * 36, "train"), published(store, "2" * 36, "train", day=1)
    service = endpoint(store, "3" * 36, "service")
    record = made(store, "submit:train", "submit:service", f"submit:{old}", "read", "read").record
    assert record.scopes == (f"submit:{new}", f"submit:{service}", f"submit:{old}", "read")
    published(store, "4" * 36, "train", day=2)
    assert tokens.all_of(store)[0].scopes == record.scopes


def test_all_problems_of_a_token_are_told_at_once_and_nothing_is_made() -> None:
    store = MemoryStore()
    published(store, "1" * 36, "train")
    published(store, "2" * 36, "both")
    endpoint(store, "3" * 36, "both")
    with pytest.raises(BadInput) as refused:
        tokens.create(
            store,
            "\x1b",
            ["admin", "submit:", "submit:trian", "submit:both"],
            lifetime=timedelta(0),
            now=T0,
            entropy=ENTROPY,
        )
    whats = " | ".join(str(one) for one in refused.value.problems)
    assert len(refused.value.problems) == 6
    for part in ("cannot name a token", "'admin' is no scope", "'submit:' is no scope", "did you mean 'train'"):
        assert part in whats
    assert "is an endpoint" in whats
    assert "expired already" in whats
    with pytest.raises(BadInput, match="no scope"):
        tokens.create(store, "ci", [], lifetime=None, now=T0, entropy=ENTROPY)
    assert tokens.all_of(store) == []


@pytest.mark.parametrize(
    ("scopes", "needed", "permitted"),
    [
        (("read",), "read", True),
        (("read",), "submit", False),
        (("read",), "submit:a", False),
        (("submit",), "read", False),
        (("submit",), "submit:a", True),
        (("submit:a",), "submit:a", True),
        (("submit:a",), "submit:b", False),
        (("submit:a",), "submit", False),
        (("submit:a",), "read", False),
        ((), "read", False),
    ],
)
def test_permissions(scopes: tuple[str, ...], needed: str, permitted: bool) -> None:
    assert token.permits(scopes, needed) is permitted


def test_the_secret_of_a_token_is_hidden_in_lines_that_are_shown() -> None:
    text = made(MemoryStore()).text
    shown = redacted(f"curl -H 'Authorization: Bearer {text}' https://x")
    assert text[20:] not in shown
    assert re.search(rf"{text[:19]}_\*\*\*", shown)
    assert holds_login(f"--header={text}")
    assert not holds_login("rt_short_1")
