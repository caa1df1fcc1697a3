"""A server that fails in the ways servers fail."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.data.file_digest import digest_of_file
from runner.errors import ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.storage.s3.connections import Connections, Timeouts
from runner.storage.s3.http import RetryPolicy
from runner.storage.s3.multipart import PART
from runner.storage.s3.store import BucketStore
from tests.support.scripted_server import Reply, ScriptedServer, Seen, error, scripted_server

QUICK = RetryPolicy(attempts=4, first_wait=0.001, longest_wait=0.002, timeouts=Timeouts(connect=2, answer=2))
SERVED = Reply(body=b"content")
BUSY = error(503, "SlowDown")
SILENT = Reply(silent=True)
if TYPE_CHECKING:
    Script = Iterable[Reply] | Callable[[Seen], Reply]


def store_at(endpoint: str, retries: RetryPolicy = QUICK) -> BucketStore:
    return BucketStore(
        BucketEndpoint(bucket="data", endpoint=endpoint, prefix="p/", credentials=Credentials("k", "hidden")), retries
    )


def serving(script: Script) -> AbstractContextManager[ScriptedServer]:
    return scripted_server(script)


@pytest.mark.parametrize(
    "before",
    [
        [BUSY],
        [error(500, "InternalError"), error(429, "TooManyRequests", retry_after="0")],
        [SILENT, SILENT],
        [Reply(body=b"content", cut=3)],
        [BUSY, SILENT, Reply(body=b"other content", cut=0)],
    ],
)
def test_trouble_that_passes_is_not_noticed(before: list[Reply]) -> None:
    with serving([*before, SERVED]) as server:
        assert store_at(server.endpoint).get("one") == b"content"
        assert len(server.seen) == len(before) + 1


@pytest.mark.parametrize(
    ("reply", "says"), [(BUSY, "SlowDown"), (SILENT, "no answer"), (Reply(body=b"xx", cut=1), "no answer")]
)
def test_trouble_that_stays_is_unreachable(reply: Reply, says: str) -> None:
    with serving(lambda _: reply) as server, pytest.raises(StoreUnreachable, match=says) as failure:
        store_at(server.endpoint).get("one")
    assert server.endpoint in str(failure.value)
    assert len(server.seen) == QUICK.attempts


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(StoreUnreachable, match=re.escape(endpoint)) as failure:
        store_at(endpoint).put("one", b"")
    assert isinstance(failure.value.__cause__, ConnectionRefusedError)


def test_a_server_that_keeps_silent_is_given_up() -> None:
    retries = RetryPolicy(attempts=4, timeouts=Timeouts(connect=2, answer=0.2))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        store = store_at(f"http://127.0.0.1:{listener.getsockname()[1]}", retries)
        with pytest.raises(StoreUnreachable, match="timed out"):
            store.get("one")


def test_a_connection_is_kept_and_replaced_when_it_has_died() -> None:
    once = RetryPolicy(attempts=1)
    with serving([SERVED, SERVED, SILENT, SERVED]) as server:
        store = store_at(server.endpoint, once)
        assert [store.get("one") for _ in range(3)] == [b"content"] * 3
        store.close()
    connections = [seen.connection for seen in server.seen]
    assert connections[0] == connections[1] == connections[2] != connections[3]


SHORT = RetryPolicy(attempts=1, timeouts=Timeouts(connect=2, answer=20, kept=0.1))
"""No silence of an answer would be waited for in a test."""


def test_kept_connections_that_lead_to_nobody_are_given_up_soon() -> None:
    with serving([SERVED, Reply(mute=True), SERVED]) as server:
        store = store_at(server.endpoint, SHORT)
        kept = store._bucket._endpoint._connections
        idle = kept.fresh()
        kept.give_back(idle)
        assert [store.get("one") for _ in range(2)] == [b"content"] * 2
        assert idle.sock is None, "it leads to the same place"
        store.close()
    assert len({seen.connection for seen in server.seen}) == 2


def test_a_write_whose_kept_connection_led_to_nobody_knows_itself() -> None:
    with serving([SERVED, Reply(mute=True), REFUSED, Reply(body=b"mine")]) as server:
        store = store_at(server.endpoint, SHORT)
        store.get("warm")
        assert store.put_if_absent("one", b"mine")
        store.close()


@pytest.mark.parametrize("size", [PART + 1, PART])
def test_what_may_take_long_gets_its_time_and_a_connection_that_is_surely_alive(tmp_path: Path, size: int) -> None:
    brief = RetryPolicy(attempts=1, timeouts=Timeouts(connect=2, answer=0.2, kept=0.01))
    (tmp_path / "file").write_bytes(bytes(size))
    with serving([SERVED, Reply(mute=True)]) as server:
        store = store_at(server.endpoint, brief)
        store.get("warm")
        with pytest.raises(StoreUnreachable, match="timed out"):
            store.upload("one", tmp_path / "file")
        store.close()
    assert len(server.seen) == 2, "it is not sent twice"
    assert server.seen[0].connection != server.seen[1].connection


def test_a_small_file_gives_a_dead_connection_up_soon(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with serving([SERVED, Reply(mute=True), Reply()]) as server:
        store = store_at(server.endpoint, SHORT)
        store.get("warm")
        store.upload("one", tmp_path / "file")
        store.close()
    assert len(server.seen) == 3


def test_threads_have_connections_of_their_own() -> None:
    barrier = threading.Barrier(4, timeout=10)
    with serving(lambda _: SERVED) as server:
        store = store_at(server.endpoint)

        def ask() -> None:
            for _ in range(20):
                assert store.get("one") == b"content"
            barrier.wait()

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        store.close()
    assert len(server.seen) == 80
    assert len({seen.connection for seen in server.seen}) <= 4


def test_a_forked_child_leaves_its_parents_connections_alone() -> None:
    with serving(lambda _: SERVED) as server:
        store = store_at(server.endpoint)
        store.get("one")
        kept = store._bucket._endpoint._connections
        kept._process = os.getpid() - 1  # as after a fork
        store.get("one")
        store.close()
    assert server.seen[0].connection != server.seen[1].connection


def test_connections_idle_for_long_or_too_many_are_closed() -> None:
    with serving(lambda _: SERVED) as server:
        connections = Connections(server.endpoint, QUICK.timeouts)
        taken = [connections.take()[0] for _ in range(33)]
        for connection in taken:
            connections.give_back(connection)
        assert taken[-1].sock is None
        connections._idle = deque((since - 60, connection) for since, connection in connections._idle)
        assert connections.take()[1] is False
        assert all(connection.sock is None for connection in taken)


REFUSED = error(412, "PreconditionFailed")


@pytest.mark.parametrize(
    ("script", "won"),
    [
        ([Reply()], True),
        ([REFUSED], False),
        ([error(409, "ConditionalRequestConflict"), Reply()], True),
        ([error(409, "ConditionalRequestConflict"), REFUSED], False),
        ([SILENT, REFUSED, Reply(body=b"mine")], True),  # the lost answer was a yes
        ([SILENT, REFUSED, Reply(body=b"theirs")], False),
        ([error(500, "InternalError"), REFUSED, Reply(body=b"mine")], True),
        ([BUSY, Reply()], True),
    ],
)
def test_put_if_absent_knows_its_own_write(script: list[Reply], won: bool) -> None:
    with serving(script) as server:
        assert store_at(server.endpoint).put_if_absent("one", b"mine") is won
        assert len(server.seen) == len(script)
    assert all(seen.headers["if-none-match"] == "*" for seen in server.seen if seen.method == "PUT")


def test_a_dead_kept_connection_makes_put_if_absent_look_twice() -> None:
    with serving([SERVED, SILENT, REFUSED, Reply(body=b"mine")]) as server:
        store = store_at(server.endpoint)
        store.get("warm")
        assert store.put_if_absent("one", b"mine")
        store.close()


@pytest.mark.parametrize(
    ("reply", "kind", "says"),
    [
        (error(403, "InvalidAccessKeyId"), StoreDenied, "InvalidAccessKeyId"),
        (error(404, "NoSuchBucket"), StoreError, "no bucket 'data'"),
        (error(404, "NoSuchKey"), ObjectMissing, "no object 'one'"),
        (Reply(404, b"not found"), StoreError, "check the endpoint"),
    ],
)
def test_a_refusal_is_final_and_tells_no_secret(reply: Reply, kind: type[StoreError], says: str) -> None:
    with serving(lambda _: reply) as server, pytest.raises(kind, match=says) as failure:
        store_at(server.endpoint).get("one")
    assert len(server.seen) == 1
    assert "hidden" not in str(failure.value)


def test_a_missing_bucket_is_no_missing_object() -> None:
    told = error(404, "NoSuchBucket", x_minio_error_code="NoSuchBucket")
    with serving(lambda _: told) as server:
        store = store_at(server.endpoint)
        for call in (store.stat, store.delete, store.get):
            with pytest.raises(StoreError, match="no bucket"):
                call("one")


def test_requests_are_addressed_and_covered() -> None:
    with serving(lambda _: Reply()) as server:
        store_at(server.endpoint).put("a b/é", b"content")
    seen = server.seen[0]
    assert seen.target == "/data/p/a%20b/%C3%A9"
    assert seen.body == b"content"
    assert seen.headers["x-amz-content-sha256"] == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert "hidden" not in str(seen.headers)


def test_the_store_tells_the_time() -> None:
    with serving([Reply(headers={"Date": "Sun, 22 Nov 2026 08:00:00 GMT"}), Reply()]) as server:
        store = store_at(server.endpoint)
        assert store.now() == datetime(2026, 11, 22, 8, tzinfo=timezone.utc)
        with pytest.raises(StoreError, match="Date"):
            store.now()


def page(*keys: str, rest: str = "") -> Reply:
    items = "".join(f"<Contents><Key>{key}</Key><ETag>e</ETag><Size>1</Size></Contents>" for key in keys)
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{rest}</NextContinuationToken>" if rest else ""
    return Reply(body=f"<ListBucketResult>{more}{items}</ListBucketResult>".encode())


def test_a_listing_follows_its_pages_and_skips_what_is_no_object() -> None:
    with serving([page("p/a", "p/b/", "p/c", rest="next"), BUSY, page("p/d")]) as server:
        found = store_at(server.endpoint).list("", after="a")  # this server ignores start-after
        assert [info.key for info in found] == ["c", "d"]
    assert "start-after=p%2Fa" in server.seen[0].target
    assert "continuation-token=next" in server.seen[1].target


CONTENT = bytes(range(256)) * (40 << 12) + b"end"
"""40 MiB and a little: three parts."""


def ranged(seen: Seen, content: bytes = CONTENT, **more: str) -> Reply:
    first, last = (int(number) for number in seen.headers["range"].removeprefix("bytes=").split("-"))
    body = content[first : last + 1]
    told = {"Content-Range": f"bytes {first}-{first + len(body) - 1}/{len(content)}", "ETag": '"e1"', **more}
    return Reply(206, body, told)


def test_a_part_cut_off_is_fetched_again(tmp_path: Path) -> None:
    spoiled: set[str] = set()

    def answer(seen: Seen) -> Reply:
        reply = ranged(seen)
        if seen.headers["range"] in spoiled:
            return reply
        spoiled.add(seen.headers["range"])
        return Reply(reply.status, reply.body, reply.headers, cut=len(reply.body) // 2)

    with serving(answer) as server:
        store = store_at(server.endpoint)
        store.download("one", tmp_path / "file")
        store.close()
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(server.seen) == 6
    assert all(seen.headers["if-match"] == '"e1"' for seen in server.seen if "bytes=0-" not in seen.headers["range"])


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (error(412, "PreconditionFailed"), "overwritten while"),
        (Reply(200, b"all of it", {"ETag": '"e1"'}), "not what was asked"),
        (Reply(206, b"short", {"ETag": '"e1"'}), "not what was asked"),
        (Reply(206, b"short", {"ETag": '"e2"'}), "overwritten while"),
        (error(403, "AccessDenied"), "denied"),
    ],
)
def test_a_download_that_fails_leaves_nothing(tmp_path: Path, later: Reply, says: str) -> None:
    with serving(lambda seen: ranged(seen) if "bytes=0-" in seen.headers["range"] else later) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreError, match=says):
            store.download("one", tmp_path / "file")
        store.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("reply", [Reply(200, CONTENT), Reply(206, CONTENT[:9], {"Content-Range": "bytes 0-8/9"})])
def test_a_server_may_send_all_at_once(tmp_path: Path, reply: Reply) -> None:
    with serving([reply]) as server:
        store_at(server.endpoint).download("one", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == reply.body


def test_an_unknown_size_is_an_error(tmp_path: Path) -> None:
    with serving([Reply(206, b"x")]) as server, pytest.raises(StoreError, match="size"):
        store_at(server.endpoint).download("one", tmp_path / "file")


def test_an_empty_object_has_no_range(tmp_path: Path) -> None:
    with serving([error(416, "InvalidRange"), Reply()]) as server:
        store_at(server.endpoint).download("one", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b""


BEGUN = Reply(body=b"<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
PART_SENT = Reply(headers={"ETag": '"900150983cd24fb0d6963f7d28e17f72"'})


def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(bytes(PART + 1))
    return path


def multipart(seen: Seen, last: Reply, part: Reply = PART_SENT, head: Reply = SERVED) -> Reply:
    if seen.method == "POST":
        return BEGUN if "uploads=" in seen.target else last
    return {"PUT": part, "HEAD": head}.get(seen.method, Reply(204))


@pytest.mark.parametrize(
    ("last", "says"),
    [
        (Reply(200, b"<Error><Code>InternalError</Code></Error>"), "InternalError"),
        (error(400, "InvalidPart"), "InvalidPart"),
        (error(404, "NoSuchUpload"), "NoSuchUpload"),
    ],
)
def test_an_upload_that_fails_is_aborted(tmp_path: Path, last: Reply, says: str) -> None:
    with serving(lambda seen: multipart(seen, last)) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreError, match=says):
            store.upload("one", large(tmp_path))
        store.close()
    assert (server.seen[-1].method, server.seen[-1].target) == ("DELETE", "/data/p/one?uploadId=u1")


def test_a_part_that_fails_aborts_the_upload(tmp_path: Path) -> None:
    with serving(lambda seen: multipart(seen, SERVED, part=error(403, "AccessDenied"))) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreDenied):
            store.upload("one", large(tmp_path))
        store.close()
    assert server.seen[-1].method == "DELETE"


@pytest.mark.parametrize(("size", "now"), [(0, 1), (1, 0), (1, 1), (3 << 20, 3 << 20)])
def test_other_bytes_than_were_described_are_not_sent_whole(tmp_path: Path, size: int, now: int) -> None:
    """The server waits for the rest in vain, so that it never has an object."""
    path = tmp_path / "file"
    path.write_bytes(b"a" * size)
    described = digest_of_file(path)
    path.write_bytes(b"b" * now)
    with serving(lambda _: Reply()) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreError, match="changed while"):
            store.upload("one", path, described)
        path.write_bytes(b"a" * size)
        store.upload("one", path, described)
        store.close()
    whole = [seen.body for seen in server.seen if len(seen.body) == int(seen.headers["content-length"])]
    assert whole == [b"a" * size]


def test_other_bytes_than_were_described_are_no_part(tmp_path: Path) -> None:
    path = large(tmp_path)
    described = digest_of_file(path)
    with path.open("r+b") as file:
        file.write(b"other")
    with serving(lambda seen: multipart(seen, SERVED)) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreError, match="changed while"):
            store.upload("one", path, described)
        store.close()
    assert server.seen == []


def test_a_part_that_changes_once_its_digest_is_known_is_not_sent_whole(tmp_path: Path) -> None:
    path = large(tmp_path)
    described = digest_of_file(path)

    def answer(seen: Seen) -> Reply:
        if seen.method == "POST" and "uploads" in seen.target:
            facts = path.stat()
            with path.open("r+b") as file:
                file.write(b"other")
            os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        return multipart(seen, SERVED)

    with serving(answer) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreError, match="changed while"):
            store.upload("one", path, described)
        store.close()
    methods = [one.method for one in server.seen]  # a part that was cut off may be seen after the DELETE
    assert (methods.count("DELETE"), methods.count("POST")) == (1, 1)


def test_a_file_that_changes_meanwhile_is_not_completed(tmp_path: Path) -> None:
    path = large(tmp_path)

    def answer(seen: Seen) -> Reply:
        if seen.method == "PUT":
            os.utime(path, ns=(1, 1))
        return multipart(seen, SERVED)

    with serving(answer) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreError, match="changed while"):
            store.upload("one", path)
        store.close()
    assert server.seen[-1].method == "DELETE"


@pytest.mark.parametrize(("found", "fails"), [('"b77ab85a5cd4f7f3a54dfe0f5b20f0f4-2"', False), ('"other-2"', True)])
def test_a_completion_whose_answer_got_lost_is_recognised(tmp_path: Path, found: str, fails: bool) -> None:
    from runner.storage.s3.multipart import expected_etag

    mine = expected_etag([PART_SENT.headers["ETag"]] * 2)
    head = Reply(headers={"ETag": found if fails else mine})
    answers = iter([SILENT, SILENT, error(404, "NoSuchUpload")])

    def answer(seen: Seen) -> Reply:
        completing = seen.method == "POST" and "uploadId" in seen.target
        return multipart(seen, next(answers) if completing else SERVED, head=head)

    with serving(answer) as server:
        store = store_at(server.endpoint)
        if fails:
            with pytest.raises(StoreError, match="NoSuchUpload"):
                store.upload("one", large(tmp_path))
        else:
            store.upload("one", large(tmp_path))
        store.close()


def test_a_server_that_knows_no_multipart_is_told(tmp_path: Path) -> None:
    with serving([Reply(body=b"hello")]) as server, pytest.raises(StoreError, match="did not begin"):
        store_at(server.endpoint).upload("one", large(tmp_path))


@pytest.mark.parametrize("polite", [True, False])
def test_an_answer_before_the_end_of_the_body_is_heard(polite: bool) -> None:
    """A server may refuse a large body after its headers and close: the refusal counts, not the broken pipe."""
    text = b"<Error><Code>AccessDenied</Code></Error>"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(
                    b"HTTP/1.1 403 No\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text
                )
                connection.shutdown(socket.SHUT_WR)
                while polite and connection.recv(1 << 20):
                    pass

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(StoreDenied, match="AccessDenied"):
            store_at(f"http://127.0.0.1:{listener.getsockname()[1]}").put("one", bytes(8 << 20))
        thread.join()
