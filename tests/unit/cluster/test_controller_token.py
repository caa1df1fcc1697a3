from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml

from runner.cluster import controller_token

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
ADMIN = {
    "clusters": [
        {"name": "kind-runner", "cluster": {"server": "https://127.0.0.1:40001", "certificate-authority-data": "Q0E="}}
    ],
    "users": [{"name": "kind-runner", "user": {"client-key-data": "S0VZ"}}],
}
GOLDEN = Path(__file__).parents[2] / "golden" / "cluster" / "kubeconfig.yaml"


def _token(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{payload}.signature"


def _kubeconfig(left: timedelta) -> object:
    return controller_token.token_kubeconfig(ADMIN, "runner", _token({"exp": int((NOW + left).timestamp())}))


def test_the_kubeconfig_is_as_agreed() -> None:
    made = controller_token.token_kubeconfig(ADMIN, "runner", "the-token")
    assert yaml.safe_dump(made, sort_keys=False) == GOLDEN.read_text()


def test_the_kubeconfig_has_nothing_of_the_administrator() -> None:
    assert "S0VZ" not in json.dumps(controller_token.token_kubeconfig(ADMIN, "runner", "the-token"))


@pytest.mark.parametrize("payload_bytes", range(4))
def test_expiry_is_read_whatever_the_padding(payload_bytes: int) -> None:
    token = _token({"exp": int(NOW.timestamp()), "x": "y" * payload_bytes})
    assert controller_token.token_expiry(token) == NOW


@pytest.mark.parametrize("token", ["", "a.b", "a.!!.c", _token({}), _token([1]), _token({"exp": "soon"})])
def test_a_token_that_does_not_say_has_no_expiry(token: str) -> None:
    assert controller_token.token_expiry(token) is None


@pytest.mark.parametrize(
    ("left", "is_long_lived"), [(timedelta(days=31), True), (timedelta(days=29), False), (timedelta(days=-1), False)]
)
def test_a_token_is_replaced_a_month_before_its_end(left: timedelta, is_long_lived: bool) -> None:
    assert controller_token.is_long_lived(_kubeconfig(left), NOW) is is_long_lived


@pytest.mark.parametrize("kubeconfig", [{}, {"users": []}, {"users": [{"user": {}}]}, {"users": None}])
def test_a_kubeconfig_without_a_token_does_not_last(kubeconfig: object) -> None:
    assert controller_token.is_long_lived(kubeconfig, NOW) is False


def test_a_kubeconfig_of_a_deleted_cluster_leads_elsewhere() -> None:
    other = {"clusters": [{"cluster": {"server": "https://127.0.0.1:50002", "certificate-authority-data": "Q0E="}}]}
    assert controller_token.is_for_cluster(_kubeconfig(timedelta(days=1)), ADMIN) is True
    assert controller_token.is_for_cluster(_kubeconfig(timedelta(days=1)), other) is False
    assert controller_token.is_for_cluster({}, ADMIN) is False
