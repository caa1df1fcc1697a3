"""The images of environments in a registry, over HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import pytest

from runner.errors import EnvironmentFailed
from runner.images.registry_listing import KEPT, RegistryListing
from runner.ports import StoredEnvironment
from tests.support.scripted_server import Reply, Seen, scripted_server

CONFIG = {
    "created": "2026-01-02T03:04:05Z",
    "config": {"Labels": {"runner.environment": "spec", "runner.lock": "lock"}},
}
MANIFEST = {"config": {"digest": "sha256:c0"}, "layers": [{"size": 100}, {"size": 20}]}
INDEX = {"manifests": [{"digest": "sha256:aa"}, {"digest": "sha256:bb"}]}
IMAGES: Mapping[str, tuple[object, str]] = {
    "/v2/team/runner-env/tags/list": ({"tags": ["abc", "of-two-platforms"]}, ""),
    "/v2/team/runner-env/manifests/abc": (MANIFEST, "sha256:aa"),
    "/v2/team/runner-env/manifests/of-two-platforms": (INDEX, "sha256:ff"),
    "/v2/team/runner-env/manifests/sha256:aa": (MANIFEST, "sha256:aa"),
    "/v2/team/runner-env/blobs/sha256:c0": (CONFIG, ""),
}


def answer(seen: Seen) -> Reply:
    if seen.target not in IMAGES:
        return Reply(404, b"{}")
    document, digest = IMAGES[seen.target]
    return Reply(200, json.dumps(document).encode(), {"Docker-Content-Digest": digest} if digest else {})


def host_of(endpoint: str) -> str:
    return endpoint.partition("://")[2]


def listed(endpoint: str) -> list[StoredEnvironment]:
    return list(RegistryListing(f"{host_of(endpoint)}/team/").stored())


@pytest.fixture(autouse=True)
def _no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


def test_each_tag_is_an_environment_that_only_the_registry_deletes() -> None:
    with scripted_server(answer) as server:
        one, two = listed(server.endpoint)
    repository = f"{host_of(server.endpoint)}/team/runner-env"
    assert one.names == {f"{repository}:abc", f"{repository}@sha256:aa"}
    assert two.names == {f"{repository}:of-two-platforms", f"{repository}@sha256:ff"}
    for each in (one, two):
        assert (each.environment, each.lock, each.size, each.busy) == ("spec", "lock", 120, KEPT)
        assert each.made == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def test_a_registry_without_the_repository_has_none() -> None:
    with scripted_server(lambda _: Reply(404, b"{}")) as server:
        assert listed(server.endpoint) == []


def test_the_credentials_of_docker_login_open_a_registry_by_token(tmp_path: Path) -> None:
    def guarded(seen: Seen) -> Reply:
        if seen.target.startswith("/token"):
            right = base64.b64encode(b"ada:pw").decode()
            assert seen.headers["authorization"] == f"Basic {right}"
            assert "scope=repository" in seen.target
            return Reply(200, b'{"token": "t0"}')
        if seen.headers.get("authorization") == "Bearer t0":
            return answer(seen)
        realm = f"http://{seen.headers['host']}/token"
        challenge = f'Bearer realm="{realm}",service="registry",scope="repository:team/runner-env:pull"'
        return Reply(401, b"{}", {"WWW-Authenticate": challenge})

    with scripted_server(guarded) as server:
        login = {"auths": {host_of(server.endpoint): {"auth": base64.b64encode(b"ada:pw").decode()}}}
        (tmp_path / "config.json").write_text(json.dumps(login))
        assert len(listed(server.endpoint)) == 2
    assert sum(each.target.startswith("/token") for each in server.seen) == 1


def test_a_refusal_names_the_command_that_solves_it() -> None:
    refusal = Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="x"'})
    with scripted_server(lambda _: refusal) as server, pytest.raises(EnvironmentFailed, match="docker login"):
        listed(server.endpoint)


def test_a_silent_registry_is_a_failure_of_environments() -> None:
    failure = pytest.raises(EnvironmentFailed, match="could not be listed")
    with scripted_server(lambda _: Reply(silent=True)) as server, failure:
        listed(server.endpoint)
