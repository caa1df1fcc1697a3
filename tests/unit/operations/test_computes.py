"""Compute names of pipeline files: which target each means, its limit, and what its steps ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.process.config import ProcessConfig
from runner.config import Config, TargetConfig
from runner.datastores import BucketConfig
from runner.errors import BadInput
from runner.model.compute import ComputeSettings
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.resources import Resources
from runner.model.step import StepSpec
from runner.operations import computes
from runner.operations.environments import announce_environments
from runner.operations.targets import announce, assign_targets
from runner.override import override
from tests.support.fake_environments import FakeEnvironments
from tests.support.memory_store import MemoryStore

KIND = KubernetesConfig(store=BucketConfig(bucket="b", endpoint="http://localhost:9000"))


def a_plan(*names: str) -> Plan:
    steps = tuple(
        StepSpec(key=f"s-{i}", name=f"s{i}", command=("true",), environment="env", compute=name)
        for i, name in enumerate(names, 1)
    )
    return Plan(steps=steps, environments={"env": NamedEnvironment("env", EnvironmentSpec())})


def a_config(own: bool = True, **given: ComputeSettings) -> Config:
    targets: dict[str, TargetConfig] = {"local": ProcessConfig(), "kind": KIND}
    return Config(root=Path("/w"), targets=targets, own=frozenset({"kind"} if own else ()), computes=given)


def targets(plan: Plan, config: Config, override: str = "", created: frozenset[str] = frozenset()) -> list[str]:
    chosen, problems = assign_targets(plan, config, override, created)
    assert not problems
    return list(chosen.values())


def test_where_nothing_is_configured_every_name_is_this_machine() -> None:
    assert targets(a_plan("cpu", "", "kind"), a_config(own=False)) == ["local"] * 3


def test_a_configured_target_is_itself_and_a_created_name_is_this_machine() -> None:
    plan = a_plan("kind", "cpu-cluster", "local", "")
    assert targets(plan, a_config(), created=frozenset({"cpu-cluster"})) == ["kind", "local", "local", "local"]


def test_computes_map_names_to_targets() -> None:
    config = a_config(cpu=ComputeSettings(target="kind"), plain=ComputeSettings(memory="1Gi"))
    assert targets(a_plan("cpu", "plain"), config) == ["kind", "local"]
    assert targets(a_plan("cpu"), a_config(own=False, cpu=ComputeSettings(target="kind"))) == ["kind"]


def test_the_command_line_goes_before_every_name() -> None:
    assert targets(a_plan("cpu", "nobody"), a_config(), "kind") == ["kind", "kind"]


def test_an_unknown_name_is_a_problem_and_so_is_one_mapped_to_no_target() -> None:
    _, problems = assign_targets(a_plan("nobody", "odd"), a_config(odd=ComputeSettings(target="gone")), "")
    assert [problem.what.split("'")[1] for problem in problems] == ["nobody", "gone"]


def test_what_a_name_means_is_said_once() -> None:
    said: list[str] = []
    announce(a_plan("cpu", "cpu"), a_config(own=False), "", said.append)
    announce(a_plan("cpu"), a_config(), "", said.append, frozenset({"cpu"}))
    announce(a_plan("cpu"), a_config(cpu=ComputeSettings(target="kind")), "", said.append)
    announce(a_plan("cpu"), a_config(), "kind", said.append)
    announce(a_plan("kind"), a_config(), "", said.append)
    assert said == [
        "compute 'cpu': this machine (no targets are configured here)",
        "compute 'cpu': this machine (created by the pipeline file)",
        "compute 'cpu': target 'kind' (computes: in the configuration)",
        "compute 'cpu': target 'kind' (--target)",
    ]


def test_created_names_have_limits_and_sizes() -> None:
    store = MemoryStore()
    computes.keep(store, "cpu", {"type": "AmlCompute", "vm_size": "STANDARD_D2_V2", "max_nodes": 4})
    computes.keep(store, "gpu", {"vm_size": "STANDARD_NC6", "max_nodes": None})
    plan = a_plan("cpu", "gpu", "other", "")
    known = computes.named(store, {}, plan)
    assert known.created == {"cpu", "gpu"}
    assert known.limits == {"cpu": 4}
    asked = [step.resources for step in computes.with_resources(plan, known, {}).steps]
    assert asked == [Resources(memory_limit="7Gi"), Resources(memory_limit="56Gi"), Resources(), Resources()]
    said: list[str] = []
    computes.announce_sizes(known, {}, said.append)
    assert len(said) == 1
    computes.forget(store, "cpu")
    assert list(computes.created(store)) == ["gpu"]


def test_the_configuration_goes_before_the_driver() -> None:
    store = MemoryStore()
    computes.keep(store, "cpu", {"vm_size": "STANDARD_D2_V2", "max_nodes": 4})
    config = a_config(cpu=ComputeSettings(vm_size="STANDARD_D3_V2", max_nodes=1), other=ComputeSettings(max_nodes=2))
    known = computes.named(store, config.computes, a_plan("cpu", "other"))
    assert known.limits == {"cpu": 1, "other": 2}
    assert known.settings["cpu"].vm_size == "STANDARD_D3_V2"


def test_a_step_that_asks_for_something_keeps_it() -> None:
    from dataclasses import replace

    plan = a_plan("cpu")
    plan = replace(plan, steps=(replace(plan.steps[0], resources=Resources(cpu="3")),))
    known = computes.Named({"cpu": ComputeSettings(vm_size="STANDARD_D2_V2")})
    assert computes.with_resources(plan, known, {}) == plan


def test_shared_memory_goes_with_any_size() -> None:
    from dataclasses import replace

    plan = a_plan("cpu")
    plan = replace(plan, steps=(replace(plan.steps[0], resources=Resources(shared_memory="8Gi")),))
    known = computes.Named({"cpu": ComputeSettings(vm_size="STANDARD_D2_V2")})
    (step,) = computes.with_resources(plan, known, {}).steps
    assert step.resources == Resources(memory_limit="7Gi", shared_memory="8Gi")


def test_a_damaged_record_is_named() -> None:
    store = MemoryStore()
    store.put("registry/computes/cpu.json", b"[1")
    with pytest.raises(BadInput, match="damaged"):
        computes.document_of(store, "cpu")


def test_notes_of_environments_are_said_once() -> None:
    class Noting(FakeEnvironments):
        @override
        def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
            return (f"{environment.name} differs",)

    said: list[str] = []
    announce_environments(a_plan("a", "b"), {"s-1": "x", "s-2": "y"}, lambda _: Noting(), said.append)
    assert said == ["env differs"]


@pytest.mark.parametrize("name", ["../x", "a//b", "a/b", "."])
def test_what_no_driver_can_have_created_is_unknown(name: str) -> None:
    assert computes.named(MemoryStore(), {}, a_plan(name)) == computes.Named()
