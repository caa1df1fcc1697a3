"""Keys for a token file and a role: what is asked, when it is asked again, and what refusals say."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from runner.datastores import BucketConfig
from runner.errors import BadInput, RunnerError, StoreUnreachable
from runner.model.grants import Grants
from runner.model.task import TaskId
from runner.operations.scoped_stores import minting_problem
from runner.storage.s3.datastore import open_bucket
from runner.storage.s3.sts import StsMinter
from runner.storage.s3.web_identity import WebIdentity, configured_endpoints
from tests.support.scripted_server import Reply, Seen, error, scripted_server
from tests.support.small_s3 import SmallS3

ROLE = "arn:aws:iam::1:role/runs"
TOKEN = "canary.token-of.the-pod"
FORM = "application/x-www-form-urlencoded"


@dataclass
class FakeSts:
    """A token service and the bucket that takes its keys, which are numbered."""

    seconds: float = 3600.0
    """The life of its keys by the clock of this process."""
    refusal: Reply | None = None
    """The answer to all that ask for keys; None: keys."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of each request for keys."""
    signed: list[bool] = field(default_factory=list)
    bucket: SmallS3 = field(default_factory=SmallS3)

    def answer(self, seen: Seen) -> Reply:
        """Answer one request."""
        if not seen.headers.get("content-type", "").startswith(FORM):
            return self.bucket.answer(seen)
        self.asked.append({name: each[0] for name, each in parse_qs(seen.body.decode()).items()})
        self.signed.append("authorization" in seen.headers)
        return self.refusal or self._keys(len(self.asked))

    def _keys(self, number: int) -> Reply:
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.seconds))
        keys = (
            f"<AccessKeyId>made-{number}</AccessKeyId><SecretAccessKey>canary-{number}</SecretAccessKey>"
            f"<SessionToken>canary-session-{number}</SessionToken><Expiration>{end}</Expiration>"
        )
        space = "https://sts.amazonaws.com/doc/2011-06-15/"
        name = "AssumeRoleWithWebIdentity"
        text = f"<{name}Response xmlns='{space}'><{name}Result><Credentials>{keys}</Credentials></{name}Result>"
        return Reply(body=f"{text}</{name}Response>".encode())


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """The file with the token."""
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The present time of keys, which a test sets."""
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


@contextmanager
def served(sts: FakeSts, token: Path) -> Iterator[BucketConfig]:
    with scripted_server(sts.answer) as server:
        yield BucketConfig(bucket="small", endpoint=server.endpoint, role=ROLE, web_identity=str(token))


def refused(status: int, code: str) -> Reply:
    """The answer of AWS; its message repeats the token, as no real one should."""
    return error(status, code, f"no: {TOKEN}")


def test_a_bucket_is_opened_with_a_token_and_a_role(token: Path) -> None:
    sts = FakeSts()
    with served(sts, token) as bucket:
        store = open_bucket(bucket, "here")
        store.put("one", b"content")
        assert store.get("one") == b"content"
    assert sts.asked == [
        {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": ROLE,
            "RoleSessionName": "runner",
            "WebIdentityToken": TOKEN,
        }
    ]
    assert sts.signed == [False]


def test_the_variable_names_the_role_if_the_settings_do_not(token: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sts = FakeSts()
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/of-the-pod")
    with served(sts, token) as bucket:
        configured_endpoints(replace(bucket, role=""), "here")
    assert sts.asked[0]["RoleArn"] == "arn:aws:iam::1:role/of-the-pod"


def test_both_vantages_have_the_keys_and_no_repr_shows_them(token: Path) -> None:
    with served(FakeSts(), token) as bucket:
        near, cluster = configured_endpoints(replace(bucket, cluster_endpoint="http://far:9000"), "here")
    assert near.credentials == cluster.credentials
    assert near.credentials.session_token == "canary-session-1"
    assert near.credentials.expires > time.time()
    assert "canary" not in repr((near, cluster))


def test_keys_are_replaced_at_half_of_their_time_with_the_token_of_then(token: Path, clock: list[float]) -> None:
    sts = FakeSts(seconds=3000)
    with served(sts, token) as bucket:
        identity = WebIdentity(bucket.endpoint, ROLE, str(token))
        first = identity.keys()
        clock[0] += 1400
        assert identity.keys() == first
        token.write_text("canary.newer")
        clock[0] += 200
        assert identity.keys().access_key == "made-2"
    assert [each["WebIdentityToken"] for each in sts.asked] == [TOKEN, "canary.newer"]


def test_valid_keys_serve_on_while_none_are_made(token: Path, clock: list[float]) -> None:
    sts = FakeSts()
    with served(sts, token) as bucket:
        identity = WebIdentity(bucket.endpoint, ROLE, str(token))
        first = identity.keys()
        sts.refusal = refused(400, "ExpiredTokenException")
        clock[0] += 2000
        assert identity.keys() == identity.keys() == first
        assert len(sts.asked) == 2, "the second call does not ask at once"
        clock[0] += 1700
        with pytest.raises(BadInput, match="has ended"):
            identity.keys()


def test_an_open_store_goes_on_with_newer_keys(token: Path, clock: list[float]) -> None:
    sts = FakeSts()
    with served(sts, token) as bucket:
        store = open_bucket(bucket, "here")
        store.put("one", b"content")
        sts.bucket.denied = frozenset({"made-1"})
        clock[0] += 2000
        assert store.get("one") == b"content"
    assert len(sts.asked) == 2


def test_keys_of_an_attempt_come_from_the_token_with_their_policy(token: Path) -> None:
    sts = FakeSts()
    with served(sts, token) as bucket:
        near, _ = configured_endpoints(bucket, "here")
        attempt = TaskId("20260102t030405678z-aaaaaaaaaaaaaaaa", "train", 2)
        made = StsMinter(near).mint(attempt, Grants(reads=("in/*",)), time.time() + 5000)
    assert made.access_key == "made-2"
    asked = sts.asked[1]
    assert (asked["Action"], asked["RoleArn"]) == ("AssumeRoleWithWebIdentity", ROLE)
    assert asked["WebIdentityToken"] == TOKEN
    assert asked["RoleSessionName"] == "2.aaaaaaaaaaaaaaaa.train"
    assert '"arn:aws:s3:::small/in/*"' in asked["Policy"]
    assert 4995 <= int(asked["DurationSeconds"]) <= 5000
    assert sts.signed == [False, False]


@pytest.mark.parametrize(
    ("reply", "kind", "said", "remedy"),
    [
        (
            refused(400, "ExpiredTokenException"),
            BadInput,
            "the web identity token in .*/token has ended",
            "kubelet renews",
        ),
        (refused(400, "InvalidIdentityToken"), BadInput, "does not accept the web identity token", "audience"),
        (refused(403, "AccessDenied"), BadInput, f"refuses keys .* role {ROLE}", "trust policy"),
        (refused(400, "ValidationError"), BadInput, f"refuses role {ROLE}", "correct `role`"),
        (refused(405, "MethodNotAllowed"), BadInput, "has no AssumeRoleWithWebIdentity", "sts_endpoint"),
        (refused(400, TOKEN), BadInput, "has no AssumeRoleWithWebIdentity", "sts_endpoint"),
        (Reply(200, b"<html>a page</html>"), BadInput, "has no AssumeRoleWithWebIdentity", "sts_endpoint"),
        (refused(400, "IDPCommunicationError"), StoreUnreachable, "now", ""),
    ],
)
def test_a_refusal_names_cause_and_remedy_and_never_the_token(
    token: Path, reply: Reply, kind: type[RunnerError], said: str, remedy: str
) -> None:
    with served(FakeSts(refusal=reply), token) as bucket, pytest.raises(kind, match=said) as raised:
        open_bucket(bucket, "datastore 'lake'")
    assert remedy in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert TOKEN not in repr(raised.value)
    assert kind is StoreUnreachable or "datastore 'lake'" in str(raised.value)


def test_a_minter_that_is_refused_says_why(token: Path) -> None:
    sts = FakeSts()
    with served(sts, token) as bucket:
        near, _ = configured_endpoints(bucket, "here")
        sts.refusal = refused(403, "AccessDenied")
        with pytest.raises(BadInput, match="trust policy") as raised:
            StsMinter(near).mint(TaskId("run", "step"), Grants(), time.time() + 1000)
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize("spoiled", [True, False])
def test_a_token_that_has_ended_is_no_reason_for_the_keys_of_a_whole_store(token: Path, *, spoiled: bool) -> None:
    """What makes keys must not be taken for a server that makes none."""
    sts = FakeSts()
    with served(sts, token) as bucket:
        near, _ = configured_endpoints(bucket, "here")
        sts.refusal = refused(400, "ExpiredTokenException")
        if spoiled:
            token.unlink()
        with pytest.raises(StoreUnreachable, match=r"has ended.*kubelet renews|cannot be used: No such file") as raised:
            minting_problem(StsMinter(near))
    assert TOKEN not in str(raised.value)


def _missing(file: Path) -> None:
    file.unlink()


def _empty(file: Path) -> None:
    file.write_text(" \n")


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _large(file: Path) -> None:
    file.write_text("canary" * 20_000)


def _no_text(file: Path) -> None:
    file.write_bytes(b"canary\xff")


@pytest.mark.parametrize("spoil", [_missing, _empty, _folder, _pipe, _large, _no_text])
def test_a_file_without_a_token_is_told_before_anything_is_asked(token: Path, spoil: Callable[[Path], None]) -> None:
    spoil(token)
    sts = FakeSts()
    with served(sts, token) as bucket, pytest.raises(BadInput, match=r"token file .* cannot be used") as raised:
        open_bucket(bucket, "here")
    assert not sts.asked
    assert "canary" not in str(raised.value)
    assert "`web_identity`" in str(raised.value)


def test_two_sources_of_keys_are_refused(token: Path) -> None:
    config = BucketConfig(bucket="b", endpoint="http://h", web_identity=str(token), credentials="keys.json")
    with pytest.raises(BadInput, match="two sources of keys"):
        configured_endpoints(config, "here")
