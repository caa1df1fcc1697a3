"""What a hostile client may try, over a real socket.

| try | answer |
| --- | --- |
| no token, another's token, a token without the scope | 401, 403; nothing is read of the body |
| a call sent again (replay) | the same run, by its key |
| paths that leave the tree | 404 |
| a huge body, announced or in chunks | 413, and the connection is closed |
| a body, or headers, byte by byte | 408, or the connection is closed |
| two lengths of a body, two hosts, a name of another host | 400, 421 |
| headers of 1 MB, a method or a version that does not exist | 4xx |
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from runner.config.serve import ServeConfig, ServeLimits
from tests.support.served_workspace import TRAIN, ServedWorkspace
from tests.support.serving import context_of, live

PATH = f"/pipelines/v1.0/PipelineRuns/PipelineSubmit/{TRAIN}"
BODY = json.dumps({"ExperimentName": "nightly"}).encode()
SECONDS = 0.5
"""The time for headers and bodies here."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> ServedWorkspace:
    return ServedWorkspace(tmp_path_factory.mktemp("hostile") / "w")


@pytest.fixture(scope="module")
def port(workspace: ServedWorkspace) -> Iterator[int]:
    limits = ServeLimits(body_seconds=SECONDS, body_bytes=4096, submissions_per_second=1000)
    with live(context_of(workspace.opened, ServeConfig(limits=limits))) as url:
        yield int(url.rpartition(":")[2])


def head(*lines: str, method: str = "POST", path: str = PATH, host: str = "127.0.0.1", token: str = "all") -> bytes:
    authorized = [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *authorized, *lines, "", ""]).encode("latin-1")


def sent(port: int, *parts: bytes, pause: float = 0.0) -> tuple[int, bytes]:
    """Send bytes; the status and all bytes of the answer until the server closes. 0: it closed without an answer."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server has said enough
        answer = b""
        while True:
            try:
                part = connection.recv(65536)
            except ConnectionResetError:
                break
            if not part:
                break
            answer += part
    return (int(answer.split()[1]) if answer else 0), answer


def length(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


CLOSE = "Connection: close"


def test_an_honest_call_works(workspace: ServedWorkspace, port: int) -> None:
    before = len(workspace.submissions())
    status, answer = sent(port, head(length(BODY), CLOSE), BODY)
    assert status == 200, answer
    assert len(workspace.submissions()) == before + 1


@pytest.mark.parametrize(("token", "expected"), [("", 401), ("rt_0_0", 401), ("reader", 403)])
def test_a_stranger_is_refused_before_the_body_is_read(port: int, token: str, expected: int) -> None:
    status, answer = sent(port, head("Content-Length: 4000", token=token))  # no byte of the body is ever sent
    assert status == expected
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/api/v1/../../etc/passwd",
        "/pipelines/v1.0/PipelineRuns/PipelineSubmit/..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "http://evil.example/etc/passwd",
        "/api/v1/runs/..%2f..%2fstore.json",
        "/api/v1/runs/%00",
        "/api/v1/runs/" + "x" * 5000,
    ],
)
def test_no_path_leaves_the_tree(port: int, path: str) -> None:
    status, answer = sent(port, head(CLOSE, method="GET", path=path))
    assert status == 404, answer
    assert b"root:" not in answer


def test_a_body_that_is_announced_as_huge_is_not_read(port: int) -> None:
    status, answer = sent(port, head("Content-Length: 10000000000"))
    assert (status, b"connection: close" in answer.lower()) == (413, True)


def test_a_body_that_grows_in_chunks_is_cut_off(port: int) -> None:
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    status, answer = sent(port, head("Transfer-Encoding: chunked"), *[chunk] * 200)
    assert (status, b"connection: close" in answer.lower()) == (413, True)


def test_a_body_that_comes_byte_by_byte_is_given_up(port: int) -> None:
    began = time.monotonic()
    status, _ = sent(port, head(length(BODY)), *[BODY[at : at + 1] for at in range(10)], pause=SECONDS / 5)
    assert status == 408
    assert time.monotonic() - began < 15


def test_headers_that_come_byte_by_byte_end_the_connection(port: int) -> None:
    began = time.monotonic()
    status, answer = sent(port, *[bytes([byte]) for byte in head()[:12]], pause=SECONDS / 5)
    assert (status, answer) == (0, b"")
    assert time.monotonic() - began < 15


def test_a_connection_without_a_request_is_closed(port: int) -> None:
    began = time.monotonic()
    assert sent(port) == (0, b"")
    assert time.monotonic() - began < 15


def test_a_second_request_on_a_connection_has_to_come_in_time_too(port: int) -> None:
    first = head(method="GET", path="/healthz")
    status, answer = sent(port, first, *[bytes([byte]) for byte in first[:12]], pause=SECONDS / 5)
    assert (status, answer.count(b"HTTP/1.1")) == (200, 1)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("Content-Length: 5", "Transfer-Encoding: chunked"), 400),
        (("Content-Length: 5", "Content-Length: 6"), 400),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), 400),
        (("Transfer-Encoding: xchunked",), 400),
        (("Content-Length: +5",), 400),
        (("Content-Length : 5",), 400),
        (("Host: 127.0.0.1",), 400),
        (("X: " + "a" * 1_000_000,), 400),
        (("Content-Encoding: gzip", "Content-Length: 5"), 415),
    ],
)
def test_headers_that_two_servers_could_read_in_two_ways_are_refused(
    workspace: ServedWorkspace, port: int, lines: tuple[str, ...], expected: int
) -> None:
    before = len(workspace.submissions())
    status, answer = sent(port, head(*lines), b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert status in (expected, 501 if expected == 400 else expected), answer
    assert b'"status":"ok"' not in answer, "the rest of the body was taken for a request"
    assert len(workspace.submissions()) == before


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "localhost@evil.example", ""])
def test_a_name_that_a_page_rebinds_is_refused(port: int, host: str) -> None:
    status, _ = sent(port, head(CLOSE, method="GET", path="/healthz", host=host))
    assert status in (400, 421)


@pytest.mark.parametrize(
    "line",
    [b"BREW / HTTP/1.1\r\n", b"GET /nope HTTP/9.9\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET /\r\n", b"\0" * 100],
)
def test_what_is_no_request_is_refused(port: int, line: bytes) -> None:
    status, answer = sent(port, line + b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert 400 <= status < 500, answer


def test_a_call_sent_again_is_the_same_run(workspace: ServedWorkspace, port: int) -> None:
    request = head(length(BODY), CLOSE, "Idempotency-Key: replayed") + BODY
    bodies = [sent(port, request)[1].partition(b"\r\n\r\n")[2] for _ in range(3)]
    assert len(set(bodies)) == 1
    run = json.loads(bodies[0])["Id"]
    assert list(workspace.submissions()).count(run) == 1


def test_nobody_of_another_origin_may_read_an_answer(port: int) -> None:
    asked = head("Origin: https://evil.example", "Access-Control-Request-Method: POST", CLOSE, method="OPTIONS")
    status, answer = sent(port, asked)
    assert (status, b"access-control" in answer.lower()) == (405, False)


def test_the_server_still_works_after_all_that(port: int) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(head("Content-Length: 4000"))  # and leaves
    assert sent(port, head(length(BODY), CLOSE), BODY)[0] == 200
