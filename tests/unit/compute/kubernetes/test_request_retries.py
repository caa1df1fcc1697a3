from __future__ import annotations

import pytest
from urllib3 import HTTPResponse

from runner.compute.kubernetes.request_retries import LONGEST_PAUSE, retry_rules


@pytest.mark.parametrize(("header", "seconds"), [("2", 2.0), ("3600", LONGEST_PAUSE), (None, None)])
def test_a_server_may_ask_for_a_pause_up_to_a_limit(header: str | None, seconds: float | None) -> None:
    headers = {"Retry-After": header} if header else {}
    assert retry_rules().get_retry_after(HTTPResponse(headers=headers, status=429)) == seconds


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_request_may_be_tried_again(method: str) -> None:
    assert retry_rules().is_retry(method, 429, has_retry_after=True)
    assert retry_rules().is_retry(method, 503)
    assert not retry_rules().is_retry(method, 409)


def test_pauses_are_spread_and_double() -> None:
    rules = retry_rules()
    pauses = []
    for _ in range(3):
        rules = rules.increment("GET", "/", response=HTTPResponse(status=503))
        pauses.append(rules.get_backoff_time())
    for pause, most in zip(pauses, (0.2, 0.4, 0.8), strict=True):
        assert most / 2 <= pause <= most
