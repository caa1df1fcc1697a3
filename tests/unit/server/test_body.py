from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import BadInput
from runner.model.data import DatastorePath
from runner.server.body import SCHEMA, SubmissionBody, read_body


def encoded(**fields: object) -> bytes:
    return json.dumps({"ExperimentName": "train", **fields}).encode()


def read(data: bytes) -> SubmissionBody | BadInput:
    try:
        return read_body(data)
    except BadInput as error:
        return error


def problems_of(data: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read_body(data)
    return str(caught.value)


def test_the_body_of_v1s_samples_is_read() -> None:
    body = read_body(
        encoded(
            RunSource="SDK",
            ParameterAssignments={"rate": "0.1", "epochs": 3, "1": "united", "on": True, "none": None},
            DataPathAssignments={"raw": {"DataStoreName": "blob", "RelativePath": "/a//./b/"}},
            DataSetDefinitionValueAssignments={"set": {"SavedDataSetReference": {"Id": "abc-1"}}},
            Tags={"build": 7, "note": None},
            ContinueRunOnStepFailure=True,
            RegenerateOutputs="True",
            DisplayName="ignored",
        )
    )
    assert body == SubmissionBody(
        experiment="train",
        scalars={"rate": "0.1", "epochs": 3, "1": "united", "on": True, "none": None},
        paths={"raw": DatastorePath("blob", "a/b")},
        datasets={"set": "abc-1"},
        source="SDK",
        tags={"build": "7", "note": ""},
        going_on=True,
        regenerate=True,
    )


def test_fields_are_known_in_any_case_and_may_be_null() -> None:
    body = read_body(b'{"experimentName": "a", "parameterassignments": {"x": 1}, "Tags": null}')
    assert (body.experiment, body.scalars, body.tags, body.source) == ("a", {"x": 1}, {}, "REST")


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[1]", "no JSON object"),
        (b"null", "no JSON object"),
        (b'{"ExperimentName": "a", "ExperimentName": "b"}', "same name twice"),
        (b'{"ExperimentName": "a", "experimentname": "b"}', "given twice"),
        (b'{"ExperimentName": NaN}', "NaN"),
        (b"[" * 100_000, "no JSON"),
        (b'{"ExperimentName": "a", "Tags": {"x": ' + b"9" * 5000 + b"}}", "no JSON"),
        (b"{}", "ExperimentName is missing"),
        (encoded(ExperimentName="a b"), "is no name of an experiment"),
        (encoded(ParameterAssignment={"x": 1}), "did you mean 'ParameterAssignments'"),
        (encoded(ParameterAssignments=[1]), "is no JSON object"),
        (encoded(ParameterAssignments={"x": [1]}), "no plain value"),
        (encoded(ParameterAssignments={"x": "\ud800"}), "no plain value"),
        (encoded(ParameterAssignments={"x": "a\0b"}), "no plain value"),
        (b'{"ExperimentName": "e", "ParameterAssignments": {"x": 1e999}}', "a finite number"),
        (b'{"ExperimentName": "e", "Tags": {"x": -1e999}}', "a finite number"),
        (encoded(ParameterAssignments={str(at): 1 for at in range(1001)}), "more than 1000"),
        (encoded(DataPathAssignments={"x": {"RelativePath": "a"}}), "no DataStoreName"),
        (encoded(DataPathAssignments={"x": {"DataStoreName": "d", "RelativePath": "../a"}}), "leaves its datastore"),
        (encoded(DataPathAssignments={"x": {"DataStoreName": "d", "RelativPath": "a"}}), "no object of"),
        (encoded(DataSetDefinitionValueAssignments={"x": "id"}), "SavedDataSetReference"),
        (encoded(ContinueRunOnStepFailure="maybe"), "neither true nor false"),
        (encoded(ParentRunId=7), "no text of one line"),
        (
            encoded(ParameterAssignments={"x": 1}, DataPathAssignments={"x": {"DataStoreName": "d"}}),
            "'x' has two values",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_words(data: bytes, part: str) -> None:
    assert part in problems_of(data)


def test_all_problems_are_told_at_once() -> None:
    told = problems_of(b'{"Tags": 1, "RunSource": 2, "Parameter": 3}')
    for part in (
        "Tags is no JSON object",
        "RunSource is no text",
        "unknown field 'Parameter'",
        "ExperimentName is missing",
    ):
        assert part in told


def test_every_field_of_the_schema_is_known() -> None:
    names: Any = SCHEMA["properties"]
    for name in names:
        told = problems_of(b'{"' + name.encode() + b'": {"": []}}')
        assert "unknown field" not in told


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
)
FIELDS = st.sampled_from(
    [
        "ExperimentName", "ParameterAssignments", "DataPathAssignments", "DataSetDefinitionValueAssignments", "Tags",
        "RunSource", "ContinueRunOnStepFailure", "RegenerateOutputs", "ParentRunId", "tags", "Other",
    ]
)  # fmt: skip


@given(st.dictionaries(FIELDS, JSON, max_size=6))
def test_any_json_is_read_or_refused(document: dict[str, object]) -> None:
    body = read(json.dumps(document).encode())
    if isinstance(body, SubmissionBody):
        json.dumps([dict(body.scalars), dict(body.tags), body.parent, body.source], ensure_ascii=False).encode()
    else:
        assert all(problem.what and problem.where and problem.remedy for problem in body.problems)
        str(body).encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    body = read(data)
    assert isinstance(body, SubmissionBody) or body.problems
