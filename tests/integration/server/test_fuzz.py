"""Calls made by schemathesis from the OpenAPI document: none may end in a fault of the server.

By default a few calls of each operation are made; with RUNNER_ALL_DATA=1 many.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from runner.config.serve import ServeConfig, ServeLimits
from runner.server import openapi
from runner.server.app import all_operations
from runner.server.metrics import Metrics
from tests.support.examples import ALL_DATA
from tests.support.served_workspace import TRAIN, ServedWorkspace
from tests.support.serving import context_of, live

EXAMPLES = 300 if ALL_DATA else 6
OPERATIONS = sorted(each.id for each in all_operations(Metrics()) if not each.page)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> ServedWorkspace:
    return ServedWorkspace(tmp_path_factory.mktemp("fuzz") / "w")


@pytest.fixture(scope="module")
def url(workspace: ServedWorkspace) -> Iterator[str]:
    limits = ServeLimits(submissions_per_second=100_000, requests_per_second=100_000)
    with live(context_of(workspace.opened, ServeConfig(limits=limits))) as address:
        yield address


@pytest.fixture(scope="module")
def operations(url: str) -> dict[str, Any]:
    schema = schemathesis.openapi.from_dict(openapi.document(all_operations(Metrics()), url))
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return {each.definition.raw["operationId"]: each for each in found}


def test_every_operation_is_described(operations: dict[str, Any]) -> None:
    assert sorted(operations) == OPERATIONS


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_call_ends_in_a_fault(workspace: ServedWorkspace, url: str, operations: dict[str, Any], name: str) -> None:
    known = {
        "pipeline": [TRAIN],
        "endpoint": [workspace.endpoint.id],
        "version": ["0"],
        "run": list(workspace.submissions()),
    }

    @given(
        case=operations[name].as_strategy(),
        real=st.booleans(),
        headers=st.sampled_from([{"Authorization": "Bearer all"}]),
    )
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Any, real: bool, headers: dict[str, str]) -> None:
        for parameter in case.path_parameters or {}:
            if real and known.get(parameter):
                case.path_parameters[parameter] = known[parameter][0]  # else nothing behind the path is ever reached
        response = case.call(base_url=url, headers=headers, timeout=30)
        case.validate_response(response, checks=CHECKS)

    call()


def test_bodies_that_fit_are_accepted(workspace: ServedWorkspace, url: str, operations: dict[str, Any]) -> None:
    """The schema describes what the server takes: a body that fits is refused for its values alone."""

    @given(case=operations["submitPipeline"].as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Any) -> None:
        case.path_parameters = {"pipeline": TRAIN}
        case.headers = {}
        case.body = {"ExperimentName": "fuzzed", "ParameterAssignments": {"other": 1}}
        assert case.call(base_url=url, headers={"Authorization": "Bearer all"}, timeout=30).status_code == 200

    before = len(workspace.submissions())
    call()
    assert len(workspace.submissions()) > before
