"""Session policies: never less than what was granted, never more than a server takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import BadInput
from runner.model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from runner.model.grants import OWN_FOLDERS, Grants, mount_grants, own_grants, shared_grants
from runner.storage.s3.session_policy import LIMIT, policy_text, policy_texts
from tests.support import builders as b

PREFIX = "workspaces/team-of-some-name/"
ARN = f"arn:aws:s3:::a-bucket/{PREFIX}"


def of_run(number: int) -> str:
    return f"20260102t030405678z-bbbbbbbbbbbb{number:04d}"


def statements(text: str) -> list[dict[str, Any]]:
    assert len(text.encode()) <= LIMIT
    document = json.loads(text)
    assert document["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = document["Statement"]
    return found


def opens(text: str, action: str, key: str) -> bool:
    """Whether the policy lets `action` happen to an object, by the rules of IAM."""

    def fits(statement: dict[str, Any]) -> bool:
        acts = any(fnmatchcase(action, one) for one in statement["Action"])
        return acts and any(_like(one, ARN + key) for one in statement["Resource"]) and "Condition" not in statement

    found = statements(text)
    if any(fits(one) for one in found if one["Effect"] == "Deny"):
        return False
    return any(fits(one) for one in found if one["Effect"] == "Allow")


def lists(text: str, prefix: str, delimiter: str | None = None) -> bool:
    """Whether the policy lets a listing happen, by the rules of IAM; `prefix` is the whole one in the bucket."""
    values = {"s3:prefix": prefix, "s3:delimiter": delimiter}

    def holds(rule: str, key: str, wanted: list[str] | str) -> bool:
        value, choices = values[key], [wanted] if isinstance(wanted, str) else wanted
        equal = value is not None and any(_like(one, value) if "Like" in rule else one == value for one in choices)
        return equal != ("Not" in rule)

    def fits(statement: dict[str, Any]) -> bool:
        acts = any(fnmatchcase("s3:ListBucket", one) for one in statement["Action"])
        there = any(_like(one, "arn:aws:s3:::a-bucket") for one in statement["Resource"])
        rules = statement.get("Condition", {}).items()
        return acts and there and all(holds(rule, key, one) for rule, of in rules for key, one in of.items())

    effects = [one["Effect"] for one in statements(text) if fits(one)]
    return "Allow" in effects and "Deny" not in effects


def _like(pattern: str, text: str) -> bool:
    rule = "".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in pattern)
    return re.fullmatch(rule, text, re.DOTALL) is not None


def text_of(grants: Grants) -> str:
    return policy_text("a-bucket", PREFIX, grants)


def inputs(runs_and_steps: Iterable[tuple[int, int]]) -> Grants:
    made = tuple(
        b.binding(f"in{number}", ref=replace(b.ref(f"azureml/{of_run(run)}.step-{step}/out"), files=2))
        for number, (run, step) in enumerate(runs_and_steps)
    )
    return own_grants(b.task("a", inputs=made), DEFAULT_DATASTORE)


def test_a_usual_step_is_confined_to_the_letter() -> None:
    text = text_of(inputs([(1, 1), (1, 2)]))
    assert opens(text, "s3:GetObject", f"azureml/{of_run(1)}.step-1/out/x")
    assert not opens(text, "s3:GetObject", f"azureml/{of_run(1)}.step-1/other/x")
    assert not opens(text, "s3:GetObject", f"azureml/{of_run(1)}.step-3/out/x")
    assert opens(text, "s3:AbortMultipartUpload", f"azureml/{b.RUN}.a/out/x")
    assert not opens(text, "s3:PutObjectAcl", f"azureml/{b.RUN}.a/out/x")
    listed = [one["Condition"] for one in statements(text) if one["Action"] == ["s3:ListBucket"]]
    (condition,) = listed
    assert f"{PREFIX}azureml/{of_run(1)}.step-1/out/*" in condition["StringLike"]["s3:prefix"]


def test_the_users_data_are_open_without_the_places_of_runs() -> None:
    text = text_of(shared_grants(DEFAULT_DATASTORE))
    assert opens(text, "s3:PutObject", "raw/x")
    for key in (f"azureml/{b.RUN}.a/out/x", f"runs/{b.RUN}/journal/1.json", "index/x", "reuse/x"):
        assert not opens(text, "s3:GetObject", key)
    published = "registry/published/pipelines/x/00000001.json"
    for key in ("snapshots/x.zip", "plans/x.json", "environments/locks/x", "store.json", published):
        assert opens(text, "s3:GetObject", key)
        assert not opens(text, "s3:PutObject", key)
        assert not opens(text, "s3:DeleteObject", key)


@pytest.mark.parametrize("prefix", ["", "team/", PREFIX])
@pytest.mark.parametrize("mount", [False, True], ids=["shared", "mount"])
def test_no_beginning_of_a_place_of_runs_is_listed(prefix: str, mount: bool) -> None:
    grants = mount_grants(["", "raw"], DEFAULT_DATASTORE) if mount else shared_grants(DEFAULT_DATASTORE)
    text = policy_text("a-bucket", prefix, grants)
    for folder in OWN_FOLDERS:
        for end in range(len(folder) + 1):
            for delimiter in (None, "", "."):
                assert not lists(text, prefix + folder[:end], delimiter)
        assert not lists(text, f"{prefix}{folder}x/", "/")
        assert not lists(text, prefix + folder, "/")
    for open_ in ("raw/", "raw/a", f"{FILE_DATASTORE}/a/", f"{FILE_DATASTORE}/azure/x", f"{FILE_DATASTORE}/azureml-x/"):
        assert lists(text, prefix + open_)
    for level in ("", f"{FILE_DATASTORE}/"):
        assert lists(text, prefix + level, "/")


def test_coarser_texts_follow_the_closest_one() -> None:
    granted = inputs([(run, run) for run in range(4)])
    first, *others = policy_texts("a-bucket", PREFIX, granted)
    assert first == text_of(granted)
    assert others
    assert len(others[-1]) < len(first)
    for text in (first, *others):
        assert opens(text, "s3:GetObject", f"azureml/{of_run(3)}.step-3/out/x")
        assert not opens(text, "s3:PutObject", f"azureml/{of_run(3)}.step-3/out/x")


@pytest.mark.parametrize(
    ("sources", "closed"),
    [
        ([(1, step) for step in range(8)], f"azureml/{of_run(1)}.step-1/other/x"),
        ([(1, step % 8) for step in range(1000)], f"azureml/{of_run(1)}.step-9/out/x"),
        ([(1, step) for step in range(1000)], f"azureml/{of_run(2)}.step-1/out/x"),
        ([(run, run) for run in range(1000)], f"runs/{of_run(1)}/journal/00000001.json"),
    ],
    ids=["eight", "1,000 of eight steps", "1,000 steps", "1,000 runs"],
)
def test_many_inputs_are_grouped_until_they_fit(sources: list[tuple[int, int]], closed: str) -> None:
    text = text_of(inputs(sources))
    for run, step in sources:
        assert opens(text, "s3:GetObject", f"azureml/{of_run(run)}.step-{step}/out/x")
        assert not opens(text, "s3:PutObject", f"azureml/{of_run(run)}.step-{step}/out/x")
    assert not opens(text, "s3:GetObject", closed)


segment = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=12)


@given(
    sources=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=80),
    data=st.lists(
        st.lists(segment, min_size=1, max_size=3).map(lambda parts: f"azureml/{of_run(99)}.odd/{'/'.join(parts)}"),
        max_size=4,
    ),
)
def test_whatever_is_granted_is_open_and_nothing_more_is_written(
    sources: list[tuple[int, int]], data: list[str]
) -> None:
    granted = inputs(sources)
    text = text_of(Grants(reads=(*granted.reads, *data), writes=granted.writes, lists=granted.lists))
    assert text.isascii()
    for key in data:
        assert opens(text, "s3:GetObject", key)
    for run, step in sources:
        assert opens(text, "s3:GetObject", f"azureml/{of_run(run)}.step-{step}/out/a b/é")
    assert opens(text, "s3:PutObject", f"runs/{b.RUN}/a/committed.json")
    assert not opens(text, "s3:PutObject", f"runs/{b.RUN}/ab/committed.json")
    assert not opens(text, "s3:PutObject", f"azureml/{b.RUN}.ab/out/x")
    assert not opens(text, "s3:GetObject", f"runs/{of_run(1)}/journal/00000001.json")


def test_an_early_end_is_in_the_text() -> None:
    last = statements(policy_text("a-bucket", PREFIX, Grants(reads=("*",)), until=1764409000.0))[-1]
    assert last["Effect"] == "Deny"
    assert last["Condition"] == {"DateGreaterThanEquals": {"aws:CurrentTime": "2025-11-29T09:36:40Z"}}


def test_a_prefix_that_leaves_no_room_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="2048") as refused:
        policy_text("a-bucket", "p" * 500 + "/", own_grants(b.task("a"), DEFAULT_DATASTORE))
    assert "credentials: static" in refused.value.problems[0].remedy
