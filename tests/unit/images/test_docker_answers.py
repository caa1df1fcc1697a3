from __future__ import annotations

import tarfile
from types import SimpleNamespace

import pytest
from docker.errors import APIError

from runner.errors import EnvironmentFailed
from runner.images.docker import DockerBuilder, archive, progress_lines
from runner.images.engine import engine_errors
from runner.images.kind_nodes import listed


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ({"stream": "Step 1/2 : FROM a\n"}, ["Step 1/2 : FROM a"]),
        ({"stream": "\n"}, []),
        ({"stream": " ---> Using cache\n"}, []),
        ({"stream": "Removing intermediate container 1\n"}, []),
        ({"stream": "\x1b[91mERROR: no\n\x1b[0m"}, ["ERROR: no"]),
        ({"status": "Pulling from library/python", "id": "3.11"}, ["Pulling from library/python"]),
        ({"status": "Downloading", "id": "ab12", "progress": "[=> ]"}, []),
        ({"status": "Status: Downloaded newer image"}, ["Status: Downloaded newer image"]),
        ({"aux": {"ID": "sha256:1"}}, []),
        ({"stream": "at https://ada:pass@host/simple\n"}, ["at https://***@host/simple"]),
        ({"status": "Proxy http://ada:pass@host"}, ["Proxy http://***@host"]),
    ],
)
def test_people_get_lines_without_the_chatter(answer: dict[str, object], lines: list[str]) -> None:
    assert list(progress_lines(answer)) == lines


def test_equal_contexts_are_equal_archives() -> None:
    one, other = archive({"b": b"2", "a": b"1"}), archive({"a": b"1", "b": b"2"})
    assert one.getvalue() == other.getvalue()
    with tarfile.open(fileobj=one) as tar:
        assert tar.getnames() == ["a", "b"]


IMAGES: list[dict[str, object]] = [
    {
        "id": "sha256:1",
        "repoTags": ["docker.io/library/python:3.11-slim"],
        "repoDigests": ["docker.io/library/x@sha256:9"],
    },
    {"id": "sha256:2", "repoTags": None, "repoDigests": ["host.io/a@sha256:8"]},
]


@pytest.mark.parametrize(
    ("image", "identities", "there"),
    [
        ("python:3.11-slim", (), True),
        ("python:3.11-slim", ("sha256:1",), True),
        ("python:3.11-slim", ("sha256:0", "sha256:9"), True),
        ("python:3.11-slim", ("sha256:0",), False),
        ("python:3.12-slim", (), False),
        ("host.io/a@sha256:8", (), True),
        ("host.io/a:1", (), False),
    ],
)
def test_a_node_has_an_image_by_name_and_by_any_of_its_digests(
    image: str, identities: tuple[str, ...], there: bool
) -> None:
    assert listed(IMAGES, image, frozenset(identities)) is there


def test_errors_of_the_engine_have_no_login() -> None:
    with pytest.raises(EnvironmentFailed) as caught, engine_errors("it could not be pulled"):
        raise APIError("500", explanation="proxyconnect http://ada:pass@proxy:3128: refused")
    assert str(caught.value) == "it could not be pulled: proxyconnect http://***@proxy:3128: refused"


def test_errors_of_a_registry_and_of_a_build_have_no_login() -> None:
    text = "Get https://ada:pass@host/v2/: denied"
    builder = DockerBuilder()
    with pytest.raises(EnvironmentFailed) as registry, builder._registry_errors("what", "host/a:1"):
        raise APIError("500", explanation=text)
    client = SimpleNamespace(api=SimpleNamespace(build=lambda **_: [{"stream": f"{text}\n"}, {"error": text}]))
    vars(builder.engine)["client"] = client
    vars(builder)["buildkit"] = False
    with pytest.raises(EnvironmentFailed) as build:
        builder.build("a:1", {}, lambda _: None, what="image a could not be built")
    for message in (str(registry.value), str(build.value)):
        assert "https://***@host/v2/: denied" in message
        assert "pass" not in message
