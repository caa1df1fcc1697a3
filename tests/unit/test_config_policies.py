"""What a target says of its steps in runner.yaml."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.process.config import ProcessConfig
from runner.config import Config
from runner.errors import BadInput
from runner.model.access import Access
from runner.model.compute import ResourceRequest
from runner.model.policy import StepPolicy
from runner.wiring.configuration import load

CLUSTER = "type: kubernetes, store: {bucket: bkt, endpoint: 'http://localhost:9000'}"


def config(folder: Path, text: str) -> Config:
    (folder / "runner.yaml").write_text(dedent(text))
    return load(folder, {"RUNNER_CONFIG": str(folder / "none")})


def test_the_words_of_targets(tmp_path: Path) -> None:
    found = config(
        tmp_path,
        """
        targets:
          here: {type: process, workers: 2, policy: {run_timeout: 2h, backoff: 0}}
          team:
            type: kubernetes
            store: {bucket: bkt, endpoint: "http://localhost:9000"}
            policy: {retries: 1, queue_timeout: 90, retry_oom: 2}
            resources: {cpu: 2, memory: 4Gi, gpu: 1}
            tolerations: [{key: spot, operator: Exists, effect: NoSchedule}]
            node_selector: {pool: batch}
            service_account: steps
            image_pull_secrets: [registry-key]
        """,
    )
    here, team = found.targets["here"], found.targets["team"]
    assert here == ProcessConfig(workers=2, policy=StepPolicy(run_timeout=7200.0, backoff=0.0))
    assert isinstance(team, KubernetesConfig)
    assert team.policy == StepPolicy(retries=1, queue_timeout=90.0, retry_oom=2.0)
    assert team.resources == ResourceRequest(cpu="2", memory="4Gi", gpu=1)
    assert team.tolerations == ({"key": "spot", "operator": "Exists", "effect": "NoSchedule"},)
    assert (team.service_account, team.image_pull_secrets) == ("steps", ("registry-key",))


@pytest.mark.parametrize(
    ("words", "where", "what"),
    [
        ("policy: {retries: -1}", "targets.t.policy.retries", "no whole number"),
        ("policy: {deadline: 4h}", "targets.t.policy", "unknown field 'deadline'"),
        ("policy: [retries]", "targets.t.policy", "expected a mapping"),
        ("policy: {run_timeout: soon}", "targets.t.policy.run_timeout", "no length of time"),
        ("resources: {memory: 4}", "targets.t.resources.memory", "no amount of memory"),
        ("resources: {memory_limit: 4Gi}", "targets.t.resources", "unknown field 'memory_limit'"),
        ("tolerations: [{key: a, effect: Never}]", "targets.t.tolerations", "has the effect 'Never'"),
        ("tolerations: {key: a}", "targets.t.tolerations", "no list of tolerations"),
        ("node_selector: [a]", "targets.t.node_selector", ""),
    ],
)
def test_what_means_nothing_names_file_and_field(tmp_path: Path, words: str, where: str, what: str) -> None:
    with pytest.raises(BadInput) as refused:
        config(tmp_path, f"targets: {{t: {{{CLUSTER}, {words}}}}}")
    (problem,) = refused.value.problems
    assert f"runner.yaml:1: {where}" in problem.where
    assert what in problem.what
    assert problem.remedy


def test_all_that_is_wrong_with_a_target_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        config(tmp_path, f"targets: {{t: {{{CLUSTER}, policy: {{retries: x, nap: 1}}, resources: {{cpu: many}}}}}}")
    assert len(refused.value.problems) == 3


def test_a_process_asks_no_node_for_anything(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="resources"):
        config(tmp_path, "targets: {t: {type: process, resources: {cpu: 2}}}")


def test_what_scripts_may_open_is_said_for_a_target_and_for_the_workspace(tmp_path: Path) -> None:
    words = f"targets: {{t: {{{CLUSTER}, access: {{secrets: [db]}}}}}}\naccess: {{secrets: [api], datastores: [lake]}}"
    found = config(tmp_path, words)
    assert found.get("t").access == Access(("api", "db"), ("lake",))
    assert found.get("local").access == Access(("api",), ("lake",))


@pytest.mark.parametrize("words", ["access: {secrets: {a: 1}}", "access: {keys: [a]}", "access: [db]"])
def test_an_access_that_means_nothing_names_its_field(tmp_path: Path, words: str) -> None:
    with pytest.raises(BadInput, match=r"runner\.yaml:1: access"):
        config(tmp_path, words)
