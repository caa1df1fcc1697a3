"""AssumeRole as servers answer it: their limits, their refusals, and what is no such server at all."""

from __future__ import annotations

import time
from urllib.parse import parse_qs

import pytest

from runner.errors import StoreDenied, StoreError, StoreUnreachable
from runner.model.credentials import Credentials
from runner.model.grants import Grants
from runner.model.store_endpoint import BucketEndpoint
from runner.model.task import TaskId
from runner.storage.s3.sts import StsMinter
from tests.support.scripted_server import Reply, Seen, error, scripted_server

ATTEMPT = TaskId("20260102t030405678z-aaaaaaaaaaaaaaaa", "train", 2)
GRANTED = b"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>made</AccessKeyId><SecretAccessKey>hidden</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2096-01-02T03:04:05Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
END = 3976311845.0


def sts_error(status: int, code: str) -> Reply:
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    text = f"<ErrorResponse xmlns='{space}'><Error><Code>{code}</Code></Error></ErrorResponse>"
    return Reply(status, text.encode())


def minter(endpoint: str, role: str = "") -> StsMinter:
    keys = Credentials("k", "canary-secret")
    return StsMinter(BucketEndpoint(bucket="data", endpoint=endpoint, prefix="p/", credentials=keys, role=role))


def asked(seen: Seen) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}


def test_it_asks_for_a_session_that_its_policy_confines() -> None:
    with scripted_server([Reply(body=GRANTED)]) as server:
        found = minter(server.endpoint, role="arn:aws:iam::1:role/steps").mint(
            ATTEMPT, Grants(reads=("in/*",)), time.time() + 5000
        )
    assert found == Credentials("made", "hidden", "token", END)
    (seen,) = server.seen
    sent = asked(seen)
    assert (seen.method, seen.target) == ("POST", "/")
    assert (sent["Action"], sent["Version"]) == ("AssumeRole", "2011-06-15")
    assert 4995 <= int(sent["DurationSeconds"]) <= 5000
    assert '"arn:aws:s3:::data/p/in/*"' in sent["Policy"]
    assert "aws:CurrentTime" not in sent["Policy"]
    assert sent["RoleArn"] == "arn:aws:iam::1:role/steps"
    assert sent["RoleSessionName"] == "2.aaaaaaaaaaaaaaaa.train"
    assert "/sts/aws4_request" in seen.headers["authorization"]


def test_an_end_before_the_servers_least_is_in_the_policy() -> None:
    end = time.time() + 60
    with scripted_server([Reply(body=GRANTED)]) as server:
        found = minter(server.endpoint).mint(ATTEMPT, Grants(), end)
    assert found.expires == end
    sent = asked(server.seen[0])
    assert sent["DurationSeconds"] == "900"
    assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)) in sent["Policy"]
    assert "RoleArn" not in sent


def test_less_is_asked_for_where_a_role_may_not_last_so_long() -> None:
    refusal = sts_error(400, "ValidationError")
    with scripted_server([refusal, refusal, Reply(body=GRANTED)]) as server:
        minter(server.endpoint).mint(ATTEMPT, Grants(), time.time() + 30 * 24 * 3600)
    assert [asked(seen)["DurationSeconds"] for seen in server.seen] == ["604800", "43200", "3600"]


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (sts_error(403, "AccessDenied"), StoreDenied, "refuses to make temporary keys"),
        (sts_error(400, "ValidationError"), StoreError, "has no AssumeRole"),
        (error(405, "MethodNotAllowed"), StoreError, "has no AssumeRole"),
        (error(501, "NotImplemented"), StoreError, "has no AssumeRole"),
        (Reply(200, b"<html>a page</html>"), StoreError, "has no AssumeRole"),
        (Reply(200, GRANTED.replace(b"hidden", b"")), StoreError, "has no AssumeRole"),
        (Reply(404, b"not found"), StoreError, "has no AssumeRole"),
        (Reply(503), StoreUnreachable, "now"),
    ],
)
def test_a_refusal_says_whether_it_may_pass(reply: Reply, kind: type[StoreError], said: str) -> None:
    with scripted_server(lambda _: reply) as server, pytest.raises(kind, match=said) as raised:
        minter(server.endpoint).mint(ATTEMPT, Grants(), time.time() + 1000)
    assert type(raised.value) is kind
    assert "canary-secret" not in str(raised.value)
