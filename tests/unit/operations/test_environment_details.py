from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import BadInput
from runner.model.environment import EnvironmentSpec, NamedEnvironment, Wheel
from runner.operations.environment_details import details, placed, written
from tests.support import builders as b
from tests.support.fake_environments import FakeEnvironments

PLAN = replace(
    b.plan(b.step("a"), replace(b.step("b"), environment="other"), replace(b.step("c"), environment="other")),
    environments={
        b.ENVIRONMENT: NamedEnvironment("train", EnvironmentSpec(pip=("numpy",))),
        "other": NamedEnvironment("test", EnvironmentSpec(conda=("openjdk=8",))),
        "unused": NamedEnvironment("unused", EnvironmentSpec()),
    },
)
TARGETS = {"a": "kind", "b": "kind", "c": "local"}


def test_each_environment_of_a_step_is_placed_once_on_each_target() -> None:
    found = [(each.environment.name, each.target) for each in placed(PLAN, TARGETS)]
    assert found == [("train", "kind"), ("test", "kind"), ("test", "local")]
    assert [each.target for each in placed(PLAN, TARGETS, "test")] == ["kind", "local"]
    assert placed(PLAN, TARGETS, "other") == placed(PLAN, TARGETS, "test")
    with pytest.raises(BadInput, match="no step uses an environment 'unused'"):
        placed(PLAN, TARGETS, "unused")


def test_what_exists_and_what_is_impossible() -> None:
    store = FakeEnvironments(refused=["openjdk=8"])
    store.ensure(PLAN.environments[b.ENVIRONMENT], lambda _: None)
    train, test = details(placed(PLAN, {**TARGETS, "c": "kind"}), lambda _: store)
    assert (train.written, train.problems, train.lock) == ({"pip": ("numpy",)}, (), None)
    assert train.reference.startswith("fake:")
    assert test.reference == ""
    assert "openjdk=8 cannot be installed" in test.problems[0]


def test_what_was_written_has_no_credentials() -> None:
    spec = EnvironmentSpec(
        pip=("--extra-index-url https://ada:pw@example.org/simple", "mine"),
        dockerfile="FROM base\nRUN true",
        wheels=(Wheel("mine-1.0-py3-none-any.whl", "ff"),),
        default=True,
    )
    assert written(spec) == {
        "pip": ("--extra-index-url https://***@example.org/simple", "mine"),
        "dockerfile": ("FROM base", "RUN true"),
        "default": ("True",),
        "wheels": ("mine-1.0-py3-none-any.whl",),
    }
