"""The registry, the secret and the command in the messages of a registry's errors."""

from __future__ import annotations

import pytest

from runner.images.registry_errors import explain_registry, unreachable

IMAGE = "registry.example:5000/team/runner-env:1"


@pytest.mark.parametrize(
    ("error", "cause", "remedy"),
    [
        (
            "denied: requested access to the resource is denied",
            "refuses the account",
            "docker login registry.example:5000",
        ),
        ("no basic auth credentials", "refuses the account", "docker login registry.example:5000"),
        ("unauthorized: authentication required", "refuses the account", "docker login registry.example:5000"),
        ("server gave HTTP response to HTTPS client", "speaks plain HTTP", "insecure-registries"),
        (
            "x509: certificate signed by unknown authority",
            "does not trust",
            "/etc/docker/certs.d/registry.example:5000/ca.crt",
        ),
        ("dial tcp: lookup registry.example: no such host", "does not answer", "check its name, the network"),
        ("dial tcp 10.0.0.1:5000: connect: connection refused", "does not answer", "check its name, the network"),
    ],
)
def test_each_cause_names_the_registry_and_what_to_type(error: str, cause: str, remedy: str) -> None:
    head, advice, *_, last = explain_registry("image a could not be pushed", IMAGE, error).splitlines()
    assert head.startswith("image a could not be pushed: ")
    assert "registry.example:5000" in head
    assert cause in head
    assert advice.startswith("  do:    ")
    assert remedy in advice
    assert last == f"  | {error}"


def test_a_refused_cluster_is_told_to_make_a_secret() -> None:
    message = explain_registry("what", IMAGE, "denied", namespace="ml")
    assert (
        "kubectl create secret docker-registry NAME --namespace ml --docker-server=registry.example:5000 "
        "--docker-username=USER --docker-password=PASSWORD, and image_pull_secrets: [NAME] in the target"
    ) in message


def test_a_target_with_a_secret_is_told_its_name() -> None:
    message = explain_registry("what", IMAGE, "denied", namespace="ml", secrets=("pull-1", "pull-2"))
    assert "Secret pull-1, pull-2 of namespace ml" in message
    assert "kubectl create" not in message


def test_docker_hub_needs_no_host() -> None:
    message = explain_registry("what", "team/a:1", "unauthorized", namespace="ml")
    assert "  do:    docker login\n" in message
    assert "--docker-server=https://index.docker.io/v1/" in message


def test_an_error_of_the_network_needs_no_secret() -> None:
    assert "secret" not in explain_registry("what", IMAGE, "dial tcp: no such host", namespace="ml")


def test_an_unknown_error_is_shown_as_it_is() -> None:
    message = explain_registry("what", IMAGE, "manifest invalid")
    assert message == "what: registry registry.example:5000 refused it\n  | manifest invalid"


@pytest.mark.parametrize(
    ("error", "silent"),
    [
        ("dial tcp: lookup registry.example: no such host", True),
        ("Get https://r/v2/: net/http: request canceled (Client.Timeout exceeded while awaiting headers)", True),
        ("x509: certificate signed by unknown authority", True),
        ("manifest unknown", False),
        ("denied: requested access to the resource is denied", False),
    ],
)
def test_a_registry_that_refuses_has_answered(error: str, silent: bool) -> None:
    assert unreachable(error) is silent
