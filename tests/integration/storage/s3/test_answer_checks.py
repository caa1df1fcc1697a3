"""Servers that answer 200 and mean something else: each answer is one error, asked again where that may help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

import pytest

from runner.errors import ObjectMissing, StoreError, StoreUnreachable
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.storage.s3 import listing
from runner.storage.s3.http import RetryPolicy
from runner.storage.s3.multipart import PART
from runner.storage.s3.store import BucketStore
from tests.support.scripted_server import Reply, Seen, error, scripted_server

QUICK = RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.002)
PAGE_OF_A_PROXY = Reply(body=b"<html>please log in</html>", headers={"ETag": ""})
STATIC_PAGE = Reply(body=b"<html>welcome</html>", headers={"ETag": '"5f-62"'})
NO_LENGTH = {"Content-Length": "", "Connection": "close"}
BEGUN = Reply(body=b"<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
COMPLETED = Reply(body=b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>")
COPIED = Reply(body=b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")
FAILED_LATE = error(200, "InternalError")


def store_at(endpoint: str) -> BucketStore:
    return BucketStore(
        BucketEndpoint(bucket="data", endpoint=endpoint, prefix="p/", credentials=Credentials("k", "hidden")), QUICK
    )


def page(*keys: str, more: str = "false", rest: str = "") -> Reply:
    items = "".join(f"<Contents><Key>{key}</Key><ETag>e</ETag><Size>1</Size></Contents>" for key in keys)
    token = f"<NextContinuationToken>{rest}</NextContinuationToken>" if rest else ""
    return Reply(body=f"<ListBucketResult><IsTruncated>{more}</IsTruncated>{token}{items}</ListBucketResult>".encode())


def fails_once(script: list[Reply], call: Callable[[BucketStore], object], says: str) -> None:
    """`call` raises a StoreError after exactly the requests of the script."""
    with scripted_server(script) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreError, match=says) as failure:
            call(store)
        store.close()
        assert len(server.seen) == len(script)
    assert not isinstance(failure.value, StoreUnreachable)


@pytest.mark.parametrize("reply", [PAGE_OF_A_PROXY, STATIC_PAGE, Reply(headers={"ETag": ""}), Reply(202)])
@pytest.mark.parametrize(
    "call",
    [lambda store: store.put("one", b"x"), lambda store: store.put_if_absent("one", b"x")],
    ids=["put", "put_if_absent"],
)
def test_what_is_no_answer_to_a_write_is_no_success(reply: Reply, call: Callable[[BucketStore], object]) -> None:
    fails_once([reply], call, "does not answer like an S3 server")


def test_a_page_is_no_answer_to_an_upload(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    fails_once([STATIC_PAGE], lambda store: store.upload("one", tmp_path / "file"), "the answer to PUT has a body")


@pytest.mark.parametrize("reply", [STATIC_PAGE, Reply(404, b"<html>no such page</html>")])
def test_a_page_is_no_answer_to_a_deletion(reply: Reply) -> None:
    fails_once([reply], lambda store: store.delete("one"), "does not answer like an S3 server")


def test_a_server_may_say_that_there_was_nothing_to_delete() -> None:
    with scripted_server([error(404, "NoSuchKey"), Reply(204), Reply(200)]) as server:
        for _ in range(3):
            store_at(server.endpoint).delete("one")


@pytest.mark.parametrize("reply", [PAGE_OF_A_PROXY, Reply(206, b"x"), Reply(203, b"x"), Reply(204)])
def test_what_is_no_object_is_not_read(reply: Reply, tmp_path: Path) -> None:
    fails_once([reply], lambda store: store.get("one"), "does not answer like an S3 server")


def test_a_page_is_not_downloaded(tmp_path: Path) -> None:
    fails_once([PAGE_OF_A_PROXY], lambda store: store.download("one", tmp_path / "file"), "has no ETag")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "says"), [({"ETag": ""}, "no ETag"), ({"Content-Length": ""}, "no Content-Length")]
)
def test_facts_that_lack_the_etag_or_the_size_are_an_error(headers: Mapping[str, str], says: str) -> None:
    fails_once([Reply(headers=headers)], lambda store: store.stat("one"), says)


def test_content_whose_end_nothing_marks_is_not_read(tmp_path: Path) -> None:
    cut = Reply(body=b"content", headers=NO_LENGTH, cut=3)
    fails_once([cut], lambda store: store.get("one"), "without its length")
    fails_once([cut], lambda store: store.download("one", tmp_path / "file"), "without its length")
    fails_once([Reply(body=page("p/a").body, headers=NO_LENGTH, cut=9)], lambda store: [*store.list("")], "its length")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content_range", ["bytes 0-2/5", "bytes 2-4/5", "bytes 0-4/6", "bytes */5", "bytes 0-4/*"])
@pytest.mark.parametrize("length", [3, 5])
def test_another_range_than_was_asked_for_is_an_error(content_range: str, length: int, tmp_path: Path) -> None:
    reply = Reply(206, bytes(length), {"Content-Range": content_range})
    fails_once([reply], lambda store: store.download("one", tmp_path / "file"), "not what was asked|the size of")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Content-Range": f"bytes 0-0/{PART + 1}"}, "not what was asked"),
        ({"Content-Range": f"bytes {PART}-{PART}/{PART + 2}"}, "not what was asked"),
        ({"ETag": '"e2"'}, "overwritten while"),  # the server does not know If-Match
        ({"ETag": ""}, "no ETag"),
    ],
)
def test_a_later_part_must_be_of_the_same_object(change: Mapping[str, str], says: str, tmp_path: Path) -> None:
    first = Reply(206, bytes(PART), {"Content-Range": f"bytes 0-{PART - 1}/{PART + 1}", "ETag": '"e1"'})
    last = Reply(206, b"x", {"Content-Range": f"bytes {PART}-{PART}/{PART + 1}", "ETag": '"e1"', **change})
    fails_once([first, last], lambda store: store.download("one", tmp_path / "file"), says)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(206, b"bcd", {"Content-Range": "bytes 0-2/6", "ETag": '"e1"'}), "not what was asked"),
        (Reply(206, b"bc", {"Content-Range": "bytes 1-3/6", "ETag": '"e1"'}), "not what was asked"),
        (Reply(206, b"bcd", {"Content-Range": "bytes 1-3/*", "ETag": '"e1"'}), "the size of"),
        (Reply(206, b"bcd", {"Content-Range": "bytes 1-3/6", "ETag": '"e2"'}), "overwritten while"),
        (Reply(200, b"abcdef", {"ETag": '"e2"'}), "overwritten while"),
        (error(412, "PreconditionFailed"), "overwritten while"),
    ],
)
def test_a_range_of_another_place_or_object_is_an_error(reply: Reply, says: str) -> None:
    fails_once([reply], lambda store: store.read_range("one", 1, 3, "e1"), says)


AROUND = b"0123456789"
"""A file of which a call writes the bytes from 1 to 3."""


def read_into(store: BucketStore, path: Path) -> int:
    with path.open("r+b") as file:
        return store.read_range_into(file.fileno(), "one", 1, 3, "e1")


def test_a_range_is_written_to_its_own_place(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(AROUND)
    reply = Reply(206, b"bcd", {"Content-Range": "bytes 1-3/6", "ETag": '"e1"'})
    with scripted_server([reply]) as server:
        assert read_into(store_at(server.endpoint), path) == 3
    assert path.read_bytes() == b"0bcd456789"
    assert server.seen[0].headers["range"] == "bytes=1-3"
    assert server.seen[0].headers["if-match"] == '"e1"'


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(206, b"bcd", {"Content-Range": "bytes 0-2/6", "ETag": '"e1"'}), "not what was asked"),
        (Reply(206, b"bc", {"Content-Range": "bytes 1-3/6", "ETag": '"e1"'}), "not what was asked"),
        (Reply(206, b"bcd", {"Content-Range": "bytes 1-3/*", "ETag": '"e1"'}), "the size of"),
        (Reply(206, b"bcd", {"Content-Range": "bytes 1-3/6", "ETag": '"e2"'}), "overwritten while"),
        (Reply(206, b"bcdefgh", {"Content-Range": "bytes 1-3/6", "ETag": '"e1"'}), "7 bytes"),
        (Reply(200, b"abcdef", {"ETag": '"e1"'}), "HTTP 200"),
        (Reply(200, b"abc", {"ETag": '"e1"'}), "HTTP 200"),
        (error(412, "PreconditionFailed"), "overwritten while"),
    ],
)
def test_other_places_of_the_file_stay_when_an_answer_is_wrong(reply: Reply, says: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(AROUND)
    fails_once([reply], lambda store: read_into(store, path), says)
    content = path.read_bytes()
    assert (content[:1], content[4:]) == (AROUND[:1], AROUND[4:])


def test_a_server_that_refuses_a_range_which_the_object_has_is_no_s3_server() -> None:
    script = [error(416, "InvalidRange"), Reply(headers={"ETag": '"e1"', "Content-Length": "6"})]
    fails_once(script, lambda store: store.read_range("one", 1, 3, "e1"), "refuses a range that the object has")
    script = [error(416, "InvalidRange"), Reply(headers={"ETag": '"e2"', "Content-Length": "6"})]
    fails_once(script, lambda store: store.read_range("one", 7, 3, "e1"), "overwritten while")


def test_the_range_of_a_server_that_sends_everything_is_cut_out() -> None:
    with scripted_server([Reply(body=b"abcdef", headers={"ETag": '"e1"'})]) as server:
        assert store_at(server.endpoint).read_range("one", 1, 3, "e1") == b"bcd"
    assert server.seen[0].headers["range"] == "bytes=1-3"
    assert server.seen[0].headers["if-match"] == '"e1"'


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ([page("p/a", more="true")], "how to go on"),
        ([page(more="true")], "how to go on"),
        ([page("p/a", more="true", rest="t"), page("p/b", more="true", rest="t")], "does not end"),
        ([page(more="true", rest="t"), page(more="true", rest="t")], "does not end"),
        ([page("p/a", more="true", rest="t"), page("p/a", more="true", rest="u")], "repeats itself"),
        ([page("p/b", "p/a")], "has no order"),
        ([page("p/a", "p/a")], "repeats itself"),
        ([page("p/x/a", "q/a")], "does not start with 'p/x"),
        ([page("p/y")], "does not start with 'p/x"),
    ],
)
def test_a_listing_that_does_not_lead_on_is_an_error(script: list[Reply], says: str) -> None:
    prefix = "x" if "'p/x" in says else ""
    fails_once(script, lambda store: list(store.list(prefix)), says)


def test_a_listing_may_have_some_empty_pages_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_EMPTY_PAGES", 3)
    empty = [page(more="true", rest=f"t{number}") for number in range(3)]
    with scripted_server([*empty, page("p/a")]) as server:
        assert [info.key for info in store_at(server.endpoint).list("")] == ["a"]
    tokens = count()
    with scripted_server(lambda _: page(more="true", rest=f"t{next(tokens)}")) as server:
        with pytest.raises(StoreError, match="does not end"):
            list(store_at(server.endpoint).list(""))
        assert len(server.seen) == 4


def test_a_copy_that_failed_after_its_status_is_made_again() -> None:
    with scripted_server([Reply(), FAILED_LATE, COPIED]) as server:
        store_at(server.endpoint).copy("one", "two")
        assert len(server.seen) == 3


@pytest.mark.parametrize("reply", [Reply(), PAGE_OF_A_PROXY, Reply(body=b"<CopyObjectRes")])
def test_what_does_not_say_that_it_copied_is_no_copy(reply: Reply) -> None:
    fails_once([Reply(), reply], lambda store: store.copy("one", "two"), "no answer to a copy")


def completing(last: list[Reply]) -> tuple[Callable[[Seen], Reply], list[str]]:
    """A server whose answers to the completion are the replies; and the methods that it saw."""
    seen: list[str] = []
    replies = iter(last)

    def answer(request: Seen) -> Reply:
        seen.append(request.method)
        if request.method == "POST":
            return BEGUN if "uploads=" in request.target else next(replies)
        return Reply(204) if request.method == "DELETE" else Reply()

    return answer, seen


def test_a_completion_that_failed_after_its_status_is_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(PART + 1))
    answer, seen = completing([FAILED_LATE, COMPLETED])
    with scripted_server(answer) as server:
        store = store_at(server.endpoint)
        store.upload("one", tmp_path / "file")
        store.close()
    assert "DELETE" not in seen


@pytest.mark.parametrize("reply", [Reply(), PAGE_OF_A_PROXY, Reply(body=b"<CompleteMulti")])
def test_what_does_not_say_that_it_is_complete_is_no_upload(reply: Reply, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(PART + 1))
    answer, seen = completing([reply])
    with scripted_server(answer) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreError, match="does not say that the upload is complete"):
            store.upload("one", tmp_path / "file")
        store.close()
    assert seen[-1] == "DELETE"


def test_a_part_without_an_etag_is_no_part(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(PART + 1))

    def answer(seen: Seen) -> Reply:
        return BEGUN if seen.method == "POST" else Reply(204) if seen.method == "DELETE" else PAGE_OF_A_PROXY

    with scripted_server(answer) as server:
        store = store_at(server.endpoint)
        with pytest.raises(StoreError, match="does not answer like an S3 server"):
            store.upload("one", tmp_path / "file")
        store.close()


def test_a_message_of_the_server_is_one_short_line() -> None:
    shout = error(400, "Odd", "\x1b[2Jhi\nthere" + "y" * 10_000).body.replace(b"\x1b", b"&#x9b;")
    with scripted_server([Reply(400, shout)]) as server, pytest.raises(StoreError, match="hi there") as failure:
        store_at(server.endpoint).put("one", b"x")
    assert str(failure.value).isprintable()
    assert len(str(failure.value)) < 600


def test_a_head_of_an_absent_object_needs_no_code() -> None:
    """AWS and versitygw answer HEAD with a status alone; MinIO has a header with the code."""
    with scripted_server(lambda _: Reply(404)) as server:
        store = BucketStore(BucketEndpoint(bucket="data", endpoint=server.endpoint))
        assert store.stat("one") is None
        with pytest.raises(ObjectMissing, match="no object 'one' in bucket 'data'"):
            store.read_range("one", 0, 0)
        store.close()
