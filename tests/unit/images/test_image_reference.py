from __future__ import annotations

import pytest

from runner.images.image_reference import full_name, reference_problem, split_tag
from runner.images.ready_images import ReadyImages
from runner.model.environment import EnvironmentSpec, NamedEnvironment


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("python", "docker.io/library/python:latest"),
        ("python:3.11-slim", "docker.io/library/python:3.11-slim"),
        ("minio/minio", "docker.io/minio/minio:latest"),
        ("localhost/a:1", "localhost/a:1"),
        ("host:5000/a", "host:5000/a:latest"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ("a@sha256:ab", "docker.io/library/a@sha256:ab"),
    ],
)
def test_full_names(short: str, full: str) -> None:
    assert full_name(short) == full


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("a", ("a", "latest")),
        ("a:1", ("a", "1")),
        ("host:5000/a/b:1", ("host:5000/a/b", "1")),
        ("h:5/a", ("h:5/a", "latest")),
    ],
)
def test_a_port_is_no_tag(reference: str, parts: tuple[str, str]) -> None:
    assert split_tag(reference) == parts


def test_a_text_that_cannot_name_an_image_is_a_problem_with_its_place() -> None:
    assert reference_problem("python:3.11-slim", "here") is None
    problem = reference_problem("Not/An/Image::1", "environment 'own'")
    assert problem
    assert problem.where == "environment 'own'"
    assert "'Not/An/Image::1'" in problem.what


def test_a_target_without_builds_refuses_it_too() -> None:
    environment = NamedEnvironment("own", EnvironmentSpec(image="Not/An/Image::1", ready=True))
    (problem,) = ReadyImages("cloud").problems(environment)
    assert problem.where == "environment 'own'"
    assert not ReadyImages("cloud").problems(NamedEnvironment("own", EnvironmentSpec(image="python:3.11", ready=True)))
