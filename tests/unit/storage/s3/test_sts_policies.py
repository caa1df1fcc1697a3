"""Coarser policies for a server whose limit is lower than the text's."""

from __future__ import annotations

import time

import pytest

from runner.errors import StoreError
from runner.model.grants import Grants
from runner.model.store_endpoint import BucketEndpoint
from runner.model.task import TaskId
from runner.storage.s3.http import Answer
from runner.storage.s3.session_policy import policy_texts
from runner.storage.s3.sts import StsMinter
from tests.support import builders as b

REFUSAL = b"<ErrorResponse><Error><Code>PackedPolicyTooLarge</Code></Error></ErrorResponse>"
KEYS = (
    b"<R><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    b"<Expiration>2026-01-02T03:04:05Z</Expiration></Credentials></R>"
)
GRANTS = Grants(reads=tuple(f"azureml/20260102t030405678z-bbbbbbbbbbbb{run:04d}.made/out/*" for run in range(4)))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The policies that a server was asked for, which takes those of at most 340 bytes."""
    found: list[str] = []

    def ask(_: StsMinter, attempt: TaskId, policy: str, seconds: int) -> Answer:
        found.append(policy)
        return Answer(200, {}, KEYS) if len(policy) <= 340 else Answer(400, {}, REFUSAL)

    monkeypatch.setattr(StsMinter, "_ask", ask)
    return found


def test_the_closest_policy_that_the_server_takes_is_used(asked: list[str]) -> None:
    minter = StsMinter(BucketEndpoint(bucket="ml", endpoint="http://s"))
    assert minter.mint(b.task_id(), GRANTS, time.time() + 3340).access_key == "a"
    texts = list(policy_texts("ml", "", GRANTS))
    assert asked == texts[: len(asked)]
    assert len(asked) > 1
    assert [len(text) <= 340 for text in asked] == [False] * (len(asked) - 1) + [True]


def test_a_policy_that_no_group_makes_short_enough_is_refused_in_words(asked: list[str]) -> None:
    written = Grants(writes=tuple(f"{number:0100}/*" for number in range(8)))
    minter = StsMinter(BucketEndpoint(bucket="ml", endpoint="http://s"))
    with pytest.raises(StoreError, match="refuses the policy of temporary keys"):
        minter.mint(b.task_id(), written, time.time() + 3340)
    assert asked == list(policy_texts("ml", "", written))
