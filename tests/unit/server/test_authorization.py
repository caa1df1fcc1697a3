from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from starlette.requests import HTTPConnection

from runner.config import serve_rules
from runner.config.serve import ServeConfig, TrustedProxy
from runner.model import token
from runner.operations import tokens
from runner.override import override
from runner.ports import ObjectInfo
from runner.server.authorization import Authorization
from runner.server.problems import Refusal
from runner.server.token_check import TokenCheck, forbidden
from tests.support.builders import T0
from tests.support.fake_clock import FakeClock
from tests.support.memory_store import MemoryStore


class CountingStore(MemoryStore):
    """Counts listings."""

    def __init__(self, objects: MemoryStore) -> None:
        super().__init__()
        self.objects = objects.objects
        self.lists = 0

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        self.lists += 1
        return super().list(prefix, after=after)


PROXY = ServeConfig(trusted_proxy=TrustedProxy(addresses=("10.0.0.5", "10.1.0.0/16"), scopes=("read",)))


def request(*headers: tuple[str, str], address: str = "127.0.0.1") -> HTTPConnection:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    return HTTPConnection({"type": "http", "headers": raw, "client": (address, 4711)})


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def text(store: MemoryStore) -> str:
    return tokens.create(store, "ci", ["submit"], lifetime=None, now=T0, entropy=bytes(40), user="ann").text


def authorization(store: MemoryStore, settings: ServeConfig | None = None) -> Authorization:
    check = TokenCheck(tokens.Verifier(store, FakeClock()), FakeClock())
    return Authorization(check, settings or ServeConfig())


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_is_its_owner(store: MemoryStore, text: str, scheme: str) -> None:
    caller = authorization(store)(request(("Authorization", f"{scheme} {text}")))
    assert (caller.name, caller.user, caller.scopes, caller.by_proxy) == ("ci", "ann", ("submit",), False)
    assert text.rpartition("_")[2] not in repr(caller)


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ([], 'Bearer realm="runner"'),
        ([("Authorization", "Basic TEXT")], 'Bearer realm="runner"'),
        ([("Authorization", "TEXT")], 'Bearer realm="runner"'),
        ([("Authorization", "Bearer TEXT"), ("Authorization", "Bearer TEXT")], 'Bearer realm="runner"'),
        ([("Authorization", "Bearer TEXTx")], 'Bearer realm="runner", error="invalid_token"'),
        ([("Authorization", "Bearer ")], 'Bearer realm="runner", error="invalid_token"'),
        ([("Cookie", "token=TEXT")], 'Bearer realm="runner"'),
        ([("X-Forwarded-User", "root")], 'Bearer realm="runner"'),
    ],
)
def test_without_one_valid_token_the_answer_says_how_to_get_one(
    store: MemoryStore, text: str, headers: list[tuple[str, str]], challenge: str
) -> None:
    given = [(name, value.replace("TEXT", text)) for name, value in headers]
    with pytest.raises(Refusal) as refused:
        authorization(store)(request(*given))
    assert (refused.value.status, refused.value.headers["WWW-Authenticate"]) == (401, challenge)
    assert "rt_" in refused.value.remedy or "runner token create" in refused.value.remedy
    assert text.rpartition("_")[2] not in str(refused.value.document())


@pytest.mark.parametrize("address", ["10.0.0.5", "10.1.200.3", "::ffff:10.0.0.5"])
def test_the_user_of_a_trusted_proxy_has_the_configured_scopes(store: MemoryStore, address: str) -> None:
    caller = authorization(store, PROXY)(request(("X-Forwarded-User", "bob"), address=address))
    assert (caller.id, caller.user, caller.scopes, caller.by_proxy) == ("proxy:bob", "bob", ("read",), True)


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([("X-Forwarded-User", "root")], "10.0.0.6"),
        ([("X-Forwarded-User", "root")], "127.0.0.1"),
        ([("X-Forwarded-User", "root")], "::1"),
        ([("X-Forwarded-User", "root")], "testclient"),
        ([("X-Forwarded-User", "root"), ("X-Forwarded-For", "10.0.0.5")], "192.0.2.1"),
        ([("X-Forwarded-User", "root"), ("X-Forwarded-User", "bob")], "10.0.0.5"),
        ([("X-Forwarded-User", "")], "10.0.0.5"),
        ([("X-Forwarded-User", "a" * 300)], "10.0.0.5"),
        ([("X-Forwarded-User", "a\x1b[0m")], "10.0.0.5"),
        ([("X-Remote-User", "root")], "10.0.0.5"),
    ],
)
def test_nobody_else_names_a_user(store: MemoryStore, headers: list[tuple[str, str]], address: str) -> None:
    with pytest.raises(Refusal) as refused:
        authorization(store, PROXY)(request(*headers, address=address))
    assert refused.value.status == 401


def test_a_token_precedes_the_proxy_and_a_wrong_one_is_not_made_good_by_it(store: MemoryStore, text: str) -> None:
    check = authorization(store, PROXY)
    both = ("X-Forwarded-User", "bob")
    assert check(request(both, ("Authorization", f"Bearer {text}"), address="10.0.0.5")).name == "ci"
    with pytest.raises(Refusal):
        check(request(both, ("Authorization", "Bearer x"), address="10.0.0.5"))


def test_who_guesses_tokens_is_slowed_and_others_are_not(store: MemoryStore, text: str) -> None:
    check = authorization(store)
    answers: list[int] = []
    for _ in range(60):
        with pytest.raises(Refusal) as refused:
            check(
                request(("Authorization", f"Bearer {text[:-1]}{'1' if text[-1] == '0' else '0'}"), address="192.0.2.9")
            )
        answers.append(refused.value.status)
    assert answers == [401] * 50 + [429] * 10
    assert check(request(("Authorization", f"Bearer {text}"))).name == "ci"
    assert check(request(("Authorization", f"Bearer {text}"), address="192.0.2.9")).name == "ci"


def test_invented_tokens_cost_the_store_no_more_than_the_limit(store: MemoryStore, text: str) -> None:
    counted = CountingStore(store)
    check = authorization(counted)
    assert check(request(("Authorization", f"Bearer {text}"), address="192.0.2.9")).name == "ci"
    before, answers = counted.lists, Counter[int]()
    for number in range(1, 301):
        invented = token.token_text(f"{number:016x}", "0" * 64)
        with pytest.raises(Refusal) as refused:
            check(request(("Authorization", f"Bearer {invented}"), address="192.0.2.9"))
        answers[refused.value.status] += 1
    assert answers == {401: 50, 429: 250}
    assert counted.lists - before == 50
    assert check(request(("Authorization", f"Bearer {text}"), address="192.0.2.9")).name == "ci"


def test_a_missing_scope_is_told_as_the_standard_says() -> None:
    refusal = forbidden("read")
    assert refusal.status == 403
    assert 'error="insufficient_scope", scope="read"' in refusal.headers["WWW-Authenticate"]
    assert "--scope read" in refusal.remedy


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy"])
def test_not_everybody_can_be_a_trusted_proxy(network: str) -> None:
    assert serve_rules.network(network) is not None
    assert serve_rules.network("10.0.0.0/8") is None
