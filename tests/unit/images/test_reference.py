from __future__ import annotations

import pytest

from runner.images.reference import full_name, split_tag


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
