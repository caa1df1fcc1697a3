"""Requests and answers on a socket, byte by byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.client import BadStatusLine, HTTPException, IncompleteRead, RemoteDisconnected

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.storage.s3 import body as body_module
from runner.storage.s3.body import Body
from runner.storage.s3.exchange import Response, send

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def answer(pair: Pair, sent: bytes, method: str = "GET") -> Response:
    """The answer that the other side has `sent` before it closed."""
    pair[1].sendall(sent)
    pair[1].close()
    response = Response(pair[0], method)
    response.begin()
    return response


def test_a_request_is_sent_as_it_is_signed(pair: Pair) -> None:
    send(pair[0], "PUT", "/b/a%20b", {"host": "h:1", "content-length": "3"}, iter([b"abc"]))
    pair[0].close()
    sent = pair[1].recv(4096)
    assert sent == b"PUT /b/a%20b HTTP/1.1\r\naccept-encoding: identity\r\nhost: h:1\r\ncontent-length: 3\r\n\r\nabc"


@pytest.mark.parametrize("blocks", [None, [], [b""], [b"x" * (1 << 17), b"y"], [memoryview(b"z" * ((1 << 17) + 1))]])
def test_a_body_of_any_blocks_follows_the_headers(pair: Pair, blocks: list[bytes] | None) -> None:
    received: list[bytes] = []

    def read() -> None:
        while block := pair[1].recv(1 << 16):
            received.append(block)

    reader = threading.Thread(target=read)
    reader.start()
    send(pair[0], "PUT", "/", {}, blocks)
    pair[0].close()
    reader.join()
    assert b"".join(received).partition(b"\r\n\r\n")[2] == b"".join(blocks or [])


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\rb"])
def test_a_header_cannot_bring_another_one(pair: Pair, value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        send(pair[0], "GET", "/", {"if-match": value}, None)


def test_headers_have_names_in_lower_case_and_may_be_folded(pair: Pair) -> None:
    response = answer(
        pair, b'HTTP/1.1 206 Partial Content\r\nETag: "e"\r\nX-Long: one\r\n  two\r\nContent-Length:2\r\n\r\nokrest'
    )
    assert dict(response.headers) == {"etag": '"e"', "x-long": "one two", "content-length": "2"}
    assert (response.status, response.reason, response.will_close) == (206, "Partial Content", False)
    assert response.read() == b"ok"
    assert response.isclosed()


def test_an_interim_answer_is_skipped(pair: Pair) -> None:
    response = answer(pair, b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 204 No Content\r\nc: d\r\n\r\n")
    assert (response.status, response.read(), dict(response.headers)) == (204, b"", {"c": "d"})


def test_an_answer_in_chunks_is_put_together(pair: Pair) -> None:
    response = answer(pair, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    assert response.read() == b"abc"
    assert response.isclosed()
    assert not response.will_close


def test_an_answer_to_head_has_no_content(pair: Pair) -> None:
    response = answer(pair, b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "HEAD")
    assert response.read() == b""
    assert response.headers["content-length"] == "7"


@pytest.mark.parametrize(
    ("sent", "closes"),
    [
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", False),
    ],
)
def test_it_is_known_whether_the_connection_stays(pair: Pair, sent: bytes, *, closes: bool) -> None:
    assert answer(pair, sent).will_close is closes


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"", RemoteDisconnected),
        (b"SSH-2.0-x\r\n", BadStatusLine),
        (b"HTTP/2 200 OK\r\n\r\n", BadStatusLine),
        (b"HTTP/1.1 2000 OK\r\n\r\n", BadStatusLine),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 201, HTTPException),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * (1 << 17), HTTPException),
    ],
)
def test_what_is_no_http_is_an_error(pair: Pair, sent: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        answer(pair, sent)


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(0, 5000),
    cut=st.integers(0, 5000),
    block=st.integers(1, 3000),
    together=st.booleans(),
    large=st.integers(0, 6000),
)
def test_a_body_is_read_whole_or_not_at_all(size: int, cut: int, block: int, large: int, *, together: bool) -> None:
    """Through the response's buffer, past it, or both; in blocks of any size; cut off anywhere."""
    ours, theirs = socket.socketpair()
    content = bytes(number % 251 for number in range(size))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    before, body_module._LARGE = body_module._LARGE, large
    try:
        ours.settimeout(5)
        theirs.sendall(head if not together else head + content[: min(cut, size)])
        response = Response(ours, "GET")
        response.begin()
        if not together:
            theirs.sendall(content[: min(cut, size)])
        theirs.close()
        body, view, read = Body(response, ours), memoryview(bytearray(block)), b""
        try:
            while count := body.readinto(view):
                read += view[:count]
        except IncompleteRead:
            assert cut < size
        assert content.startswith(read)
        assert (read == content) == response.isclosed() or cut < size
        assert cut < size or read == content
        assert ours.gettimeout() == 5
    finally:
        body_module._LARGE = before
        ours.close()
        theirs.close()


def test_a_silent_body_ends_at_the_time_limit(pair: Pair) -> None:
    pair[0].settimeout(0.02)
    pair[1].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")
    response = Response(pair[0], "GET")
    response.begin()
    body = Body(response, pair[0])
    pair[1].sendall(bytes(10))
    with pytest.raises(TimeoutError):
        body.readinto(memoryview(bytearray(300000)))
    assert pair[0].gettimeout() == 0.02
