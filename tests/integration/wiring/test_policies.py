"""What is submitted states everything, whoever said it; what a target says of nodes reaches its adapter."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from runner.compute.kubernetes import build
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.process.config import ProcessConfig
from runner.config import Config, TargetConfig
from runner.datastores import BucketConfig
from runner.model.compute import ComputeSettings, ResourceRequest
from runner.model.plan import Plan
from runner.model.policy import DEFAULT_RUN, RunPolicy, StepPolicy
from runner.model.policy_overrides import PolicyOverrides
from runner.model.resources import Resources
from runner.operations.values import Request
from runner.override import override
from runner.wiring.workspace import OpenWorkspace
from tests.support import builders as b


class Quiet(OpenWorkspace):
    """Starts no controllers."""

    @override
    def start_controller(self, run: str) -> None:
        """Nothing."""


@pytest.fixture
def session(tmp_path: Path) -> Quiet:
    targets: dict[str, TargetConfig] = {"local": ProcessConfig(policy=StepPolicy(retries=1, backoff=9.0))}
    overrides = PolicyOverrides(
        policy=StepPolicy(run_timeout=5.0),
        run=RunPolicy(max_parallel=2),
        request=ResourceRequest(memory="4Gi"),
        continue_on_failure=True,
    )
    sized = {"big": ComputeSettings(cpu=2, memory="8Gi")}
    return Quiet(
        config=Config(root=tmp_path, targets=targets, computes=sized), notify=lambda _: None, overrides=overrides
    )


def a_plan(folder: Path) -> Plan:
    one = b.step("a", source=str(folder), snapshot="", compute="", script="", policy=StepPolicy(retries=7))
    other = b.step("b", source=str(folder), snapshot="", compute="big", script="")
    end = b.step("end", source=str(folder), snapshot="", compute="", script="", always=True)
    return b.plan(one, other, end)


def test_the_stored_plan_states_everything(session: Quiet, tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    view = session.view(session.submit(a_plan(tmp_path / "steps"), Request(experiment="e")))
    plan = view.plan
    assert all(None not in dataclasses.astuple(step.policy) for step in plan.steps)
    assert [step.policy.retries for step in plan.steps] == [7, 1, 1]
    assert {(step.policy.backoff, step.policy.run_timeout) for step in plan.steps} == {(9.0, 5.0)}
    assert plan.policy == RunPolicy(DEFAULT_RUN.deadline, 2)
    assert [step.resources for step in plan.steps] == [
        Resources(memory="4Gi", memory_limit="4Gi"),
        Resources(cpu="2", memory="4Gi", memory_limit="4Gi"),
        Resources(memory="4Gi", memory_limit="4Gi"),
    ]
    assert (plan.step("end").after, plan.step("end").reuse) == (("a", "b"), False)
    assert view.state.submission
    assert view.state.submission.continue_on_step_failure


def test_what_is_planned_is_what_is_submitted(session: Quiet, tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    draft = a_plan(tmp_path / "steps")
    planned, _ = session.planned(draft, Request(experiment="e"))
    stored = session.view(session.submit(draft, Request(experiment="e"))).plan
    assert [step.policy for step in planned.steps] == [step.policy for step in stored.steps]
    assert [step.resources for step in planned.steps] == [step.resources for step in stored.steps]
    assert planned.policy == stored.policy


def test_what_is_written_down_has_the_command_lines_words_and_no_others(session: Quiet, tmp_path: Path) -> None:
    plan, request = session.with_command_line_overrides(a_plan(tmp_path), Request(experiment="e"))
    assert [step.policy for step in plan.steps] == [
        StepPolicy(retries=7, run_timeout=5.0),
        *[StepPolicy(run_timeout=5.0)] * 2,
    ]
    assert plan.step("b").resources == Resources(cpu="2", memory="4Gi", memory_limit="4Gi")
    assert plan.policy == RunPolicy(max_parallel=2)
    assert request.continue_on_step_failure


def test_a_targets_placement_reaches_its_adapter() -> None:
    spot = {"key": "spot", "operator": "Exists"}
    bucket = BucketConfig(bucket="b", endpoint="http://localhost:9000")
    settings = KubernetesConfig(
        store=bucket, node_selector={"a": "1"}, tolerations=(spot,), service_account="s", image_pull_secrets=("k",)
    )
    found = build.cluster_settings(settings, "id").placement
    assert (found.node_selector, found.tolerations) == ({"a": "1"}, (spot,))
    assert (found.service_account, found.image_pull_secrets) == ("s", ("k",))
