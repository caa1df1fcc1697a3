"""The real client against a scripted HTTP server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from runner.compute.kubernetes import connection
from runner.compute.kubernetes import request_retries as retry_rules
from runner.compute.kubernetes.api import KubernetesApi
from runner.errors import TargetDenied, TargetError, TargetUnreachable
from runner.override import override


@dataclass
class Script:
    """What the server answers next, and what it was asked."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    first: list[int | None] = field(default_factory=list)
    """Statuses of the answers before the one that is repeated; None: the connection is cut without one."""

    def notify(self, status: int, document: object = None, **headers: str) -> None:
        self.status, self.body, self.headers = status, json.dumps(document).encode(), headers


def a_handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.asked.append((self.command, self.path, json.loads(body) if body else None))
            script.tokens.append(self.headers.get("Authorization", ""))
            status = script.first.pop(0) if script.first else script.status
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in script.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(script.body)))
            self.end_headers()
            self.wfile.write(script.body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - http.server's names

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def a_kubeconfig(folder: Path, server: str) -> str:
    path = folder / "kubeconfig"
    named = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "secret-token"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "x", **named}))
    return str(path)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def api(script: Script, tmp_path: Path) -> Iterator[KubernetesApi]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), a_handler(script))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    one = KubernetesApi("team-a", a_kubeconfig(tmp_path, f"http://127.0.0.1:{server.server_port}"))
    yield one
    one.close()
    server.shutdown()
    server.server_close()


JOB = {"metadata": {"name": "job-1"}}


def test_create(api: KubernetesApi, script: Script) -> None:
    script.notify(201, {"metadata": {"uid": "1"}}, Warning='299 - "beware"')
    created = api.create("jobs", JOB)
    assert (created.object, created.warnings) == ({"metadata": {"uid": "1"}}, ("beware",))
    assert script.asked == [("POST", "/apis/batch/v1/namespaces/team-a/jobs", JOB)]
    assert script.tokens == ["Bearer secret-token"]


def test_create_dry_run(api: KubernetesApi, script: Script) -> None:
    script.notify(201, {})
    api.create("pods", JOB, dry_run=True)
    assert script.asked[0][1] == "/api/v1/namespaces/team-a/pods?dryRun=All"


def test_a_taken_name_is_an_answer(api: KubernetesApi, script: Script) -> None:
    script.notify(409, {"reason": "AlreadyExists"})
    assert api.create("jobs", JOB).object is None


def test_another_conflict_is_an_error(api: KubernetesApi, script: Script) -> None:
    script.notify(409, {"reason": "Conflict", "message": "namespace is being terminated"})
    with pytest.raises(TargetError, match=r"namespace .* is being deleted"):
        api.create("jobs", JOB)


def test_get(api: KubernetesApi, script: Script) -> None:
    script.notify(200, JOB)
    assert api.get("jobs", "job-1") == JOB
    script.notify(404, {})
    assert api.get("jobs", "job-1") is None


def test_list(api: KubernetesApi, script: Script) -> None:
    script.notify(200, {"metadata": {"resourceVersion": "7"}, "items": [JOB]})
    listing = api.list("pods", labels="a=b")
    assert (listing.items, listing.version) == ((JOB,), "7")
    assert script.asked[0][1] == "/api/v1/namespaces/team-a/pods?labelSelector=a%3Db"


@pytest.mark.parametrize(("status", "there"), [(200, True), (404, False), (409, False)])
def test_delete(api: KubernetesApi, script: Script, status: int, there: bool) -> None:
    script.notify(status, {})
    assert api.delete("jobs", "job-1", uid="uid-1") is there
    body = script.asked[0][2]
    assert (body["propagationPolicy"], body["preconditions"]) == ("Background", {"uid": "uid-1"})


def test_watch(api: KubernetesApi, script: Script) -> None:
    script.body = b'{"type":"ADDED","object":{}}\n{"type":"BOOKMARK","object":{}}\n{"cut'
    told = list(api.watch("pods", labels="a=b", version="7", seconds=60))
    assert [event["type"] for event in told] == ["ADDED", "BOOKMARK"]
    assert "resourceVersion=7&timeoutSeconds=60" in script.asked[0][1]


def test_a_forgotten_version(api: KubernetesApi, script: Script) -> None:
    script.notify(410, {})
    assert list(api.watch("pods", labels="", version="7", seconds=60)) == [{"type": "ERROR", "object": {"code": 410}}]


def test_a_watch_that_is_not_allowed(api: KubernetesApi, script: Script) -> None:
    script.notify(403, {"message": 'User "x" cannot watch resource "pods"'})
    with pytest.raises(TargetDenied, match="not allowed to watch pods in namespace 'team-a'"):
        list(api.watch("pods", labels="", version="7", seconds=60))


def test_a_server_that_starts_again_may_not_know_its_roles_yet(
    api: KubernetesApi, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.compute.kubernetes.api.DENIED_PAUSES", (0.0, 0.0))
    script.notify(403, {"message": 'User "x" cannot create resource "jobs"'})
    script.first = [201, 403, 403, 201]
    assert api.create("jobs", {}).object is not None
    assert api.create("jobs", {}).object is not None
    for kind, asked in (("jobs", 4 + 3), ("pods", 4 + 3 + 1)):
        with pytest.raises(TargetDenied, match=f"not allowed to create {kind}"):
            api.create(kind, {})
        assert len(script.asked) == asked, "what was never allowed is told at once"


def test_access_review(api: KubernetesApi, script: Script) -> None:
    script.notify(201, {"status": {"allowed": True}})
    assert api.allowed("get", "pods", "log")
    attributes = script.asked[0][2]["spec"]["resourceAttributes"]
    assert attributes == {"namespace": "team-a", "verb": "get", "group": "", "resource": "pods", "subresource": "log"}


def test_log_tail(api: KubernetesApi, script: Script) -> None:
    script.body = b"last words\n"
    assert api.log_tail("pod-1", container="step", last=5) == "last words\n"
    assert script.asked[0][1] == "/api/v1/namespaces/team-a/pods/pod-1/log?container=step&tailLines=5"
    script.status = 400
    assert not api.log_tail("pod-1", container="step", last=5)


def test_an_overloaded_server_is_asked_again_first(api: KubernetesApi, script: Script) -> None:
    script.notify(503, {"message": "busy"})
    with pytest.raises(TargetUnreachable, match="busy"):
        api.get("jobs", "job-1")
    assert len(script.asked) == 4


def test_a_server_says_when_to_come_back_and_is_not_waited_for_long(
    api: KubernetesApi, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_rules, "LONGEST_PAUSE", 0.01)
    script.first = [429, 503]
    script.notify(201, {"metadata": {"uid": "1"}}, **{"Retry-After": "3600"})
    assert api.create("jobs", JOB).object == {"metadata": {"uid": "1"}}
    assert [method for method, _, _ in script.asked] == ["POST"] * 3


def test_a_creation_whose_answer_was_lost_is_told_to_exist(api: KubernetesApi, script: Script) -> None:
    script.first = [None]
    script.notify(409, {"reason": "AlreadyExists"})
    assert api.create("jobs", JOB).object is None
    assert len(script.asked) == 2


def test_a_token_that_expired_is_read_anew_once(api: KubernetesApi, script: Script, tmp_path: Path) -> None:
    script.notify(200, {})
    api.get("jobs", "job-1")
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(kubeconfig.read_text().replace("secret-token", "new-token"))
    script.first = [401]
    api.get("jobs", "job-1")
    assert script.tokens[1:] == ["Bearer secret-token", "Bearer new-token"]
    script.notify(401, {"message": "Unauthorized"})
    with pytest.raises(TargetDenied, match="sign in again") as refused:
        api.get("jobs", "job-1")
    assert isinstance(refused.value, TargetUnreachable), "a step that is to start waits for it"
    assert "new-token" not in str(refused.value)
    assert len(script.tokens) == 5


def test_a_line_that_is_no_event_is_handed_on_as_none(api: KubernetesApi, script: Script) -> None:
    script.body = b'{"type":"ADDED","obj\n{"type":"ADDED","object":{}}\n'
    assert list(api.watch("pods", labels="", version="7", seconds=60)) == [{}, {"type": "ADDED", "object": {}}]


def test_the_servers_version(api: KubernetesApi, script: Script) -> None:
    script.notify(200, {"gitVersion": "v1.34.0"})
    assert api.version() == "v1.34.0"


def test_nobody_who_sets_this_machines_clock_makes_a_step_older(
    api: KubernetesApi, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(datetime):
        @classmethod
        @override
        def now(cls, tz: tzinfo | None = None) -> Wrong:
            return cls(2040, 1, 1, tzinfo=tz)

    script.notify(200, {})
    api.get("jobs", "job-1")
    before = api.now()
    monkeypatch.setattr(connection, "datetime", Wrong)
    assert (api.now() - before).total_seconds() < 60


def test_the_servers_time(api: KubernetesApi, script: Script) -> None:
    script.notify(200, {})
    api.get("jobs", "job-1")
    assert api.now().tzinfo is not None


def test_nothing_listens(tmp_path: Path) -> None:
    api = KubernetesApi("team-a", a_kubeconfig(tmp_path, "http://127.0.0.1:9"))
    with pytest.raises(
        TargetUnreachable, match=r"^no answer from http://127\.0\.0\.1:9: Failed to establish .*refused$"
    ):
        api.get("jobs", "job-1")


@pytest.mark.parametrize("content", [None, "{}", "nonsense: [", '{"current-context": "none"}'])
def test_a_kubeconfig_that_is_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)
    with pytest.raises(TargetError, match="kubeconfig cannot be used"):
        KubernetesApi("team-a", str(path)).get("jobs", "job-1")


def test_an_unknown_context(tmp_path: Path) -> None:
    api = KubernetesApi("team-a", a_kubeconfig(tmp_path, "http://127.0.0.1:9"), "nowhere")
    with pytest.raises(TargetError, match="context 'nowhere' cannot be used"):
        api.get("jobs", "job-1")


def test_no_token_in_the_repr(tmp_path: Path) -> None:
    api = KubernetesApi("team-a", a_kubeconfig(tmp_path, "http://127.0.0.1:9"))
    assert api.server == "http://127.0.0.1:9"
    assert "secret-token" not in repr(api) + repr(vars(api))
