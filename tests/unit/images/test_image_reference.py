from __future__ import annotations

import pytest

from runner.images.image_reference import full_name, reference_problem, split_tag


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


@pytest.mark.parametrize(
    "reference",
    [
        "python",
        "python:3.11-slim",
        "localhost:5000/a/b__c/d-e.f:V1.0_x",
        "MyRegistry.azurecr.io/team/image",
        "[::1]:5000/a",
        f"python@sha256:{'0a' * 32}",
        f"host/python:3.11@sha256:{'0a' * 32}",
    ],
)
def test_names_of_images_are_taken(reference: str) -> None:
    assert reference_problem(reference, "here") is None


@pytest.mark.parametrize(
    "reference",
    ["Not/An/Image::1", "UPPER", "a b", "a:", "/a", "a//b", "-a", "a:tag:tag", "https://host/a", "a@sha256:12", "a\n"],
)
def test_what_cannot_name_an_image_is_a_problem_with_its_place(reference: str) -> None:
    problem = reference_problem(reference, "environment 'own'")
    assert problem
    assert problem.where == "environment 'own'"
    assert repr(reference) in problem.what
