"""A clock that is wrong, a key that was changed: what a store in use gets over."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest

from runner.errors import RunnerError, StoreDenied, StoreError, StoreUnreachable
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.storage.s3.connections import Timeouts
from runner.storage.s3.credential_refresh import Renew
from runner.storage.s3.http import RetryPolicy
from runner.storage.s3.store import BucketStore
from tests.support.scripted_server import Reply, Seen, error, scripted_server

QUICK = RetryPolicy(attempts=4, first_wait=0.001, longest_wait=0.002, timeouts=Timeouts(connect=2, answer=2))
SERVED = Reply(body=b"content")
AHEAD = timedelta(hours=8)


def store_at(endpoint: str, renew: Renew | None = None, retries: RetryPolicy = QUICK) -> BucketStore:
    return BucketStore(bucket_endpoint(endpoint, "old"), retries, renew)


def bucket_endpoint(endpoint: str, key: str) -> BucketEndpoint:
    return BucketEndpoint(bucket="data", endpoint=endpoint, credentials=Credentials(key, f"hidden-{key}"))


def signed_at(seen: Seen) -> datetime:
    return datetime.strptime(seen.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)


def strict(seen: Seen) -> Reply:
    """A server whose clock is ahead, as S3 is about signatures."""
    now = datetime.now(timezone.utc) + AHEAD
    date = format_datetime(now, usegmt=True)
    if abs(now - signed_at(seen)) > timedelta(minutes=15):
        return error(403, "RequestTimeTooSkewed", Date=date)
    return Reply(body=b"content", headers={"Date": date})


def test_a_clock_that_is_wrong_is_told_of_and_gone_without(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_server(strict) as server:
        store = store_at(server.endpoint)
        assert [store.get("one"), store.get("two")] == [b"content"] * 2
        assert store.stat("three") is not None
        assert len(server.seen) == 4
    told = capsys.readouterr().err
    assert told.count("behind that of the object store") == 1
    assert "hidden" not in told


def test_a_clock_that_changes_again_is_followed() -> None:
    offsets = iter([AHEAD, AHEAD, timedelta(), timedelta()])

    def answer(seen: Seen) -> Reply:
        now = datetime.now(timezone.utc) + next(offsets)
        late = abs(now - signed_at(seen)) > timedelta(minutes=15)
        headers = {"Date": format_datetime(now, usegmt=True)}
        return Reply(403, b"<Error><Code>RequestTimeTooSkewed</Code></Error>", headers) if late else SERVED

    with scripted_server(answer) as server:
        store = store_at(server.endpoint)
        assert [store.get("one"), store.get("two")] == [b"content"] * 2


def test_a_store_that_stays_of_another_opinion_is_told_of() -> None:
    reply = error(403, "RequestTimeTooSkewed", Date="Sun, 22 Nov 2020 08:00:00 GMT")
    with scripted_server(lambda _: reply) as server, pytest.raises(StoreUnreachable, match="clocks differ"):
        store_at(server.endpoint).get("one")
    assert len(server.seen) == 2


def guarded(seen: Seen) -> Reply:
    """A server that knows the new key alone, and says nothing to HEAD."""
    if "Credential=new/" in seen.headers["authorization"]:
        return Reply() if seen.method == "PUT" else SERVED
    return Reply(403) if seen.method == "HEAD" else error(403, "InvalidAccessKeyId")


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"])
def test_another_key_is_read_when_the_old_one_is_refused(code: str) -> None:
    with scripted_server([error(403, code), SERVED, SERVED]) as server:
        store = store_at(server.endpoint, lambda: bucket_endpoint(server.endpoint, "new"))
        assert [store.get("one"), store.get("two")] == [b"content"] * 2
    assert ["Credential=new/" in seen.headers["authorization"] for seen in server.seen] == [False, True, True]


def test_also_where_the_answer_has_no_words(tmp_path: Path) -> None:
    with scripted_server(guarded) as server:
        assert store_at(server.endpoint, lambda: bucket_endpoint(server.endpoint, "new")).stat("one") is not None
        store = store_at(server.endpoint, lambda: bucket_endpoint(server.endpoint, "new"))
        store.put("one", b"")


@pytest.mark.parametrize("broken", [None, RunnerError("no such file"), OSError("no such file")])
def test_without_another_key_the_refusal_stands(broken: Exception | None) -> None:
    def renew() -> BucketEndpoint | None:
        if broken:
            raise broken
        return None

    with scripted_server(guarded) as server, pytest.raises(StoreDenied, match="InvalidAccessKeyId"):
        store_at(server.endpoint, renew).get("one")
    assert len(server.seen) == 1


def test_what_the_key_may_not_do_is_no_reason_for_another() -> None:
    with scripted_server(lambda _: error(403, "AccessDenied")) as server, pytest.raises(StoreDenied):
        store_at(server.endpoint, lambda: bucket_endpoint(server.endpoint, "new")).get("one")
    assert len(server.seen) == 1


@pytest.mark.parametrize("code", ["RequestTimeout", "XAmzContentSHA256Mismatch", "BadDigest", "IncompleteBody"])
def test_what_was_spoilt_on_its_way_is_sent_again(code: str) -> None:
    with scripted_server([error(400, code), Reply()]) as server:
        store_at(server.endpoint).put("one", b"content")
    assert [seen.body for seen in server.seen] == [b"content"] * 2


def test_what_is_wrong_is_not() -> None:
    with scripted_server([error(400, "InvalidRequest"), Reply()]) as server, pytest.raises(StoreError, match="Invalid"):
        store_at(server.endpoint).put("one", b"content")


def test_so_many_silences_are_waited_for_as_patience_has() -> None:
    retries = RetryPolicy(attempts=9, first_wait=0.001, max_timeouts=3, timeouts=Timeouts(connect=2, answer=0.05))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        store = store_at(f"http://127.0.0.1:{listener.getsockname()[1]}", None, retries)
        with pytest.raises(StoreUnreachable, match="timed out"):
            store.get("one")
        tries = 0
        while True:
            try:
                listener.accept()[0].close()
            except TimeoutError:
                break
            tries += 1
    assert tries == 3


def test_who_is_very_patient_says_so_once(capsys: pytest.CaptureFixture[str]) -> None:
    retries = RetryPolicy(attempts=12, first_wait=0.001, longest_wait=0.001)
    with scripted_server(lambda _: error(503, "SlowDown")) as server, pytest.raises(StoreUnreachable):
        store_at(server.endpoint, None, retries).get("one")
    assert capsys.readouterr().err.count("trying again") == 1


def test_a_store_without_room_may_get_some() -> None:
    with scripted_server([error(507, "XMinioStorageFull"), Reply()]) as server:
        store_at(server.endpoint).put("one", b"content")
    full = error(507, "XMinioStorageFull")
    with scripted_server(lambda _: full) as server, pytest.raises(StoreUnreachable, match="the object store is full"):
        store_at(server.endpoint).put("one", b"content")


@pytest.mark.parametrize("reply", [error(403, "InvalidAccessKeyId"), Reply(403)], ids=["told", "without words"])
def test_a_store_that_starts_again_may_not_know_its_users_yet(reply: Reply) -> None:
    """MinIO answers before it has read who may do what."""
    with scripted_server([SERVED, *[reply] * 6, SERVED]) as server:
        store = store_at(server.endpoint)
        assert [store.get("one"), store.get("two")] == [b"content"] * 2


def test_a_key_that_is_taken_back_is_refused_in_the_end() -> None:
    replies = iter([SERVED])
    with scripted_server(lambda _: next(replies, error(403, "InvalidAccessKeyId"))) as server:
        store = store_at(server.endpoint)
        store.get("one")
        with pytest.raises(StoreDenied, match="InvalidAccessKeyId"):
            store.get("two")
    assert len(server.seen) == 1 + 12


def test_who_is_very_patient_waits_for_another_key(capsys: pytest.CaptureFixture[str]) -> None:
    """A step learns of a renewed key when the kubelet has brought it, a minute or more after it was handed out."""
    retries = RetryPolicy(attempts=30, first_wait=0.001, longest_wait=0.001)
    reads = iter(["old"] * 20)
    replies = iter([SERVED])

    def answer(seen: Seen) -> Reply:
        return next(replies, None) or guarded(seen)

    with scripted_server(answer) as server:
        store = store_at(server.endpoint, lambda: bucket_endpoint(server.endpoint, next(reads, "new")), retries)
        assert [store.get("one"), store.get("two")] == [b"content"] * 2
    told = capsys.readouterr().err
    assert told.count("refuses the key") == 1
    assert "hidden" not in told


def test_what_an_accepted_key_may_not_do_is_told_at_once() -> None:
    with scripted_server([SERVED, error(403, "AccessDenied")]) as server:
        store = store_at(server.endpoint)
        store.get("one")
        with pytest.raises(StoreDenied, match="AccessDenied"):
            store.get("two")


@pytest.mark.parametrize("before", [(), (SERVED,)], ids=["first", "later"])
def test_a_refusal_by_a_proxy_is_retried(before: tuple[Reply, ...]) -> None:
    """A proxy on the way may answer while the store's machine is replaced."""
    proxy = Reply(403, b"denied destination", {"Content-Type": "text/plain"})
    with scripted_server([*before, proxy, proxy, SERVED]) as server:
        store = store_at(server.endpoint)
        assert [store.get(key) for key in ("one", "two")[: len(before) + 1]] == [b"content"] * (len(before) + 1)


def test_a_refusal_by_a_proxy_is_no_denial_by_the_store() -> None:
    with (
        scripted_server(lambda _: Reply(403, b"denied destination", {"Content-Type": "text/plain"})) as server,
        pytest.raises(StoreUnreachable, match=r"does not answer like an S3 server \(status 403; .* any proxy"),
    ):
        store_at(server.endpoint).get("one")


@pytest.mark.parametrize("reply", [error(403, "InvalidAccessKeyId"), error(503, "SlowDown")])
def test_who_refuses_is_not_asked_on_the_same_connection(reply: Reply) -> None:
    """It may lead to somebody on the way who answers for a store that is away: the next one may lead to the store."""
    with scripted_server([SERVED, SERVED, reply, SERVED]) as server:
        store = store_at(server.endpoint)
        assert [store.get(key) for key in ("one", "two", "three")] == [b"content"] * 3
    first, second, third, fourth = (seen.connection for seen in server.seen)
    assert first == second == third != fourth


def ending(endpoint: str, key: str, seconds: float) -> BucketEndpoint:
    """The endpoint with a temporary key that ends in so many seconds."""
    ends = datetime.now(timezone.utc).timestamp() + seconds
    return replace(bucket_endpoint(endpoint, key), credentials=Credentials(key, "hidden", "token", ends))


def keys_of(seen: list[Seen]) -> list[str]:
    return [one.headers["authorization"].partition("Credential=")[2].partition("/")[0] for one in seen]


@pytest.mark.parametrize(("seconds", "key"), [(3600, "old"), (200, "new"), (-10, "new")])
def test_temporary_keys_are_replaced_before_they_end(seconds: float, key: str) -> None:
    with scripted_server(lambda _: SERVED) as server:
        store = BucketStore(
            ending(server.endpoint, "old", seconds), QUICK, lambda: ending(server.endpoint, "new", 3600)
        )
        assert store.get("one") == store.get("two") == b"content"
    assert keys_of(server.seen) == [key, key]


def test_without_newer_keys_the_old_ones_serve_and_are_not_looked_for_with_each_request() -> None:
    looked: list[str] = []

    def renew() -> BucketEndpoint | None:
        looked.append("once more")
        raise StoreUnreachable("nothing there")

    with scripted_server(lambda _: SERVED) as server:
        store = BucketStore(ending(server.endpoint, "old", 200), QUICK, renew)
        assert store.get("one") == store.get("two") == b"content"
    assert keys_of(server.seen) == ["old", "old"]
    assert len(looked) == 1


def test_ended_keys_are_replaced_where_the_server_answers_as_aws_does() -> None:
    def answer(seen: Seen) -> Reply:
        return SERVED if "Credential=new/" in seen.headers["authorization"] else error(400, "ExpiredToken")

    with scripted_server(answer) as server:
        store = store_at(server.endpoint, lambda: bucket_endpoint(server.endpoint, "new"))
        assert store.get("one") == b"content"
        with pytest.raises(StoreDenied, match="have expired"):
            store_at(server.endpoint).get("one")
