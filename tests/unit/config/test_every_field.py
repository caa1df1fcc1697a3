"""Each field of runner.yaml refuses what nobody could use, with its line, together with all other problems."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest

from runner.compute.kubernetes.config import KubernetesConfig, ProxyConfig
from runner.compute.kubernetes.mounts_config import MountsConfig
from runner.compute.process.config import ProcessConfig
from runner.compute.registry import TARGETS
from runner.config import Config
from runner.config.rules import CHECKS
from runner.config.settings import EnvironmentConfig
from runner.datastores import BucketConfig, WorkspaceConfig
from runner.errors import BadInput, Problem
from runner.model.compute import ComputeSettings, VmSize
from runner.model.secret import SecretSource
from runner.storage.registry import STORES
from runner.storage.s3.datastore import BucketDatastore
from runner.wiring.configuration import load

STORE = "store: {bucket: bkt, endpoint: 'http://h:9000'}"
KUBERNETES = f"targets: {{t: {{type: kubernetes, {STORE}, %s}}}}"
BUCKET = "datastores: {d: {type: bucket, bucket: bkt, endpoint: 'http://h', %s}}"


def loaded(root: Path, text: str, machine: str = "") -> Config:
    (root / "runner.yaml").write_text(text)
    (root / "machine.yaml").write_text(machine)
    return load(root, {"RUNNER_CONFIG": str(root / "machine.yaml")})


def problems(root: Path, text: str, machine: str = "") -> tuple[Problem, ...]:
    with pytest.raises(BadInput) as refused:
        loaded(root, text, machine)
    assert all(problem.remedy for problem in refused.value.problems)
    return refused.value.problems


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("targets: {t: {type: process, workers: -3}}", "targets.t.workers"),
        ("targets: {t: {type: process, workers: 1.5}}", "targets.t.workers"),
        ("targets: {t: {type: process, workers: true}}", "targets.t.workers"),
        ("targets: {t: {type: process, workers: 1e9}}", "targets.t.workers"),
        ("targets: {t: {type: process, input_cache: much}}", "targets.t.input_cache"),
        ("targets: {t: {type: process, input_cache: 0.5}}", "targets.t.input_cache"),
        ("targets: {t: {type: proces}}", "targets.t"),
        ("targets: {t: {type: [process]}}", "targets.t"),
        ("targets: {'': {type: process}}", "targets"),
        ("targets: [t]", "targets"),
        ("target: [t]", "target"),
        ("target: ''", "target"),
        ("name: [1]", "name"),
        ("name: {a: b}", "name"),
        ("name: true", "name"),
        ('name: "a\\u0007b"', "name"),
        (f"name: {'a' * 256}", "name"),
        (KUBERNETES % "capacity: 0", "targets.t.capacity"),
        (KUBERNETES % "capacity: '8'", "targets.t.capacity"),
        (KUBERNETES % "run_as: 0", "targets.t.run_as"),
        (KUBERNETES % "run_as: -1", "targets.t.run_as"),
        (KUBERNETES % "run_as: 2147483648", "targets.t.run_as"),
        (KUBERNETES % "namespace: My_Team", "targets.t.namespace"),
        (KUBERNETES % "namespace: ''", "targets.t.namespace"),
        (KUBERNETES % f"namespace: {'a' * 64}", "targets.t.namespace"),
        (KUBERNETES % "kind_cluster: a b", "targets.t.kind_cluster"),
        (KUBERNETES % "registry: 'https://host/path'", "targets.t.registry"),
        (KUBERNETES % "registry: host/UPPER", "targets.t.registry"),
        (KUBERNETES % "node_selector: {'a b': c}", "targets.t.node_selector"),
        (KUBERNETES % "node_selector: {a: 'b c'}", "targets.t.node_selector"),
        (KUBERNETES % "node_selector: {a: [b]}", "targets.t.node_selector.a"),
        (KUBERNETES % "image_pull_secrets: key", "targets.t.image_pull_secrets"),
        (KUBERNETES % "image_pull_secrets: [A_B]", "targets.t.image_pull_secrets"),
        (KUBERNETES % "service_account: A_B", "targets.t.service_account"),
        (KUBERNETES % "queue: A_B", "targets.t.queue"),
        (KUBERNETES % "unschedulable_grace: -1", "targets.t.unschedulable_grace"),
        (KUBERNETES % "unschedulable_grace: soon", "targets.t.unschedulable_grace"),
        (KUBERNETES % "pull_grace: .inf", "targets.t.pull_grace"),
        (KUBERNETES % "pull_grace: .nan", "targets.t.pull_grace"),
        (KUBERNETES % "controller_image: 'a b'", "targets.t.controller_image"),
        (KUBERNETES % "resources: {cpu: -1}", "targets.t.resources.cpu"),
        (KUBERNETES % "capacitty: 1", "targets.t.capacitty"),
        (KUBERNETES % "credentials: [scoped]", "targets.t.credentials"),
        (KUBERNETES % "credentials: mine", "targets.t.credentials"),
        (KUBERNETES % "mounts: {policy: always}", "targets.t.mounts.policy"),
        (KUBERNETES % "mounts: {driver: ''}", "targets.t.mounts.driver"),
        (KUBERNETES % "mounts: {driver: 'a b'}", "targets.t.mounts.driver"),
        (KUBERNETES % "mounts: {attributes: {path: '{buckett}'}}", "targets.t.mounts.attributes"),
        (KUBERNETES % "mounts: {claim: A_B}", "targets.t.mounts.claim"),
        ("targets: {t: {type: kubernetes}}", "targets.t"),
        ("targets: {t: {type: kubernetes, store: bkt}}", "targets.t.store"),
        ("targets: {t: {type: kubernetes, store: {bucket: B!, endpoint: 'http://h'}}}", "targets.t.store.bucket"),
        ("targets: {t: {type: kubernetes, store: {bucket: b, endpoint: 'http://h'}}}", "targets.t.store.bucket"),
        ("targets: {t: {type: kubernetes, store: {bucket: bkt, endpoint: 'http://h:0'}}}", "targets.t.store.endpoint"),
        ("targets: {t: {type: kubernetes, store: {bucket: bkt, endpoint: 9000}}}", "targets.t.store.endpoint"),
        (
            "targets: {t: {type: kubernetes, store: {bucket: bkt, endpoint: 'http://h', read_only: true}}}",
            "targets.t.store.read_only",
        ),
        ("keep: {runs: a while}", "keep.runs"),
        ("keep: {last: -1}", "keep.last"),
        ("keep: {tags: ['']}", "keep.tags"),
        ("keep: [90d]", "keep"),
        (BUCKET % "prefix: a/../b", "datastores.d.prefix"),
        (BUCKET % "prefix: a//b", "datastores.d.prefix"),
        (BUCKET % f"prefix: {'a/' * 300}", "datastores.d.prefix"),
        (BUCKET % "region: 'eu west'", "datastores.d.region"),
        (BUCKET % "read_only: maybe", "datastores.d.read_only"),
        (BUCKET % "host_style: maybe", "datastores.d.host_style"),
        (BUCKET % "web_identity: tokens/mine", "datastores.d.web_identity"),
        (BUCKET % "account: [a]", "datastores.d.account"),
        (BUCKET % "credentials: [a]", "datastores.d.credentials"),
        ("datastores: {d: {type: folder, path: ''}}", "datastores.d.path"),
        ("datastores: {d: {type: workspace}}", "datastores.d"),
        ("datastores: {d: {type: workspace, workspace: ''}}", "datastores.d.workspace"),
        ("environments: {e: image}", "environments.e"),
        ("environments: {e: {image: 'a image'}}", "environments.e.image"),
        ("computes: {c: {gpu: -1}}", "computes.c.gpu"),
        ("computes: {c: {max_nodes: 0}}", "computes.c.max_nodes"),
        ("computes: {c: {strict: 1}}", "computes.c.strict"),
        ("computes: {c: {cpu: two}}", "computes.c.cpu"),
        ("computes: {c: {memory: [1]}}", "computes.c.memory"),
        ("vm_sizes: {S: {cpu: 2, memory: lots}}", "vm_sizes.S.memory"),
        ("vm_sizes: {S: {cpu: 2, memory: 2Gi, gpu: -1}}", "vm_sizes.S.gpu"),
        ("secrets: {s: {env: 'A B'}}", "secrets.s.env"),
        ("secrets: {s: {env: A, file: b}}", "secrets.s"),
        ("secrets: {s: {}}", "secrets.s"),
        ("secrets: {'a b': {env: A}}", "secrets.a b"),
        ("access: {secrets: a, datastores: {a: b}, keys: []}", "access.keys"),
        ("workers: 3", "workers"),
    ],
)
def test_what_nobody_could_use_is_refused_with_its_place(tmp_path: Path, text: str, field: str) -> None:
    found = [problem.where for problem in problems(tmp_path, f"# a line before\n{text}")]
    assert f"{tmp_path}/runner.yaml:2: {field}" in found


def test_every_field_is_looked_at() -> None:
    of_kind = {BucketConfig, ProcessConfig, KubernetesConfig, EnvironmentConfig, VmSize, ComputeSettings, SecretSource}
    of_kind |= {ProxyConfig, MountsConfig, WorkspaceConfig}
    shapes = {*of_kind, *STORES.values(), *TARGETS.values()}
    checked_by_type = {"credentials", "read_only", "host_style", "strict", "store", "proxy", "mounts"}
    as_words = {"policy", "resources", "access", "tolerations"}
    names = {(shape, field.name) for shape in shapes for field in dataclasses.fields(shape)}
    ruled = {*CHECKS}.union(*(target.rules() for target in TARGETS.values()))
    ruled = ruled.union(*(store.rules() for store in STORES.values()))
    assert {(shape.__name__, name) for shape, name in names - ruled if name not in checked_by_type | as_words} == set()


def test_all_problems_of_both_files_are_told_at_once_in_order(tmp_path: Path) -> None:
    text = """\
targts: {}
targets:
  a: {type: process, workers: -1}
  b: {type: kubernetes, capacity: 0}
computes:
  c: {cpu: two, max_nodes: 0}
datastores:
  workspaceblobstore: {type: folder, path: x}
"""
    found = problems(tmp_path, text, "name: all\nvm_sizes: {S: {cpu: 1}}")
    own, machine = f"{tmp_path}/runner.yaml", f"{tmp_path}/machine.yaml"
    assert [problem.where for problem in found] == [
        f"{machine}:1: name",
        f"{machine}:2: vm_sizes.S",
        f"{own}:1: targts",
        f"{own}:3: targets.a.workers",
        f"{own}:4: targets.b.capacity",
        f"{own}:4: targets.b",
        f"{own}:6: computes.c.cpu",
        f"{own}:6: computes.c.max_nodes",
        f"{own}:8: datastores.workspaceblobstore",
    ]
    assert found[2].remedy == "did you mean 'targets'?"


@pytest.mark.parametrize(
    ("text", "overrides", "line"),
    [
        (
            "targets: {x: {type: process}}\ntargets: {y: {type: process}}\n",
            "'targets' is there twice, first in line 1",
            2,
        ),
        ("targets:\n  x:\n    type: process\n    type: kubernetes\n", "'type' is there twice", 4),
        ("name: !!python/object:os.system a", "the tag", 1),
        ("name: !secret a", "the tag", 1),
        ("name: &a [*a]", "contains itself", 1),
        ("- a", "expected a mapping", 1),
        ("just text", "expected a mapping", 1),
        ("name: a\n\tb: c", "not valid YAML", 2),
        ("{" * 3000, "not valid YAML", 1),
        ("? [a]\n: b", "a key must be text", 1),
    ],
)
def test_yaml_that_means_nothing_names_its_line(tmp_path: Path, text: str, overrides: str, line: int) -> None:
    found = problems(tmp_path, text)
    assert any(overrides in problem.what for problem in found), found
    assert {problem.where.partition("runner.yaml:")[2].partition(":")[0] for problem in found} <= {str(line), ""}


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "runner.yaml")
    with pytest.raises(BadInput, match="pipe"):
        load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")})
    (tmp_path / "runner.yaml").unlink()
    with pytest.raises(BadInput, match="device"):
        load(tmp_path, {"RUNNER_CONFIG": "/dev/zero"})


def test_numbers_are_good_names_as_they_were_written(tmp_path: Path) -> None:
    config = loaded(tmp_path, "name: 007\ncomputes: {c: {vm_size: 1e3, cpu: 0.50}}\n" + BUCKET % "account: 0123")
    assert (config.name, config.computes["c"].vm_size, config.datastores["d"].account) == ("007", "1e3", "0123")
    assert config.computes["c"].cpu == 0.5


def test_the_workspaces_file_goes_over_the_machines_field_by_field(tmp_path: Path) -> None:
    machine = """
target: team
targets:
  team: {type: process, workers: 2}
  kind: {type: kubernetes, capacity: 3, node_selector: {a: b}, store: {bucket: one, endpoint: 'http://h', region: r}}
computes: {c: {cpu: 1, memory: 1Gi}}
secrets: {s: {env: A}}
datastores: {d: {type: bucket, bucket: one, endpoint: 'http://h'}, f: {type: folder, path: x}}
access: {secrets: [s]}
"""
    own = """
targets:
  team: {policy: {run_timeout: 2h}}
  kind: {capacity: 5, node_selector: {c: d}, store: {prefix: mine}}
computes: {c: {memory: 2Gi}}
secrets: {s: {file: b}}
datastores: {d: {prefix: p}, f: {type: workspace, workspace: other}}
access: {secrets: [t]}
"""
    config = loaded(tmp_path, own, machine)
    team, kind = config.targets["team"], config.targets["kind"]
    assert isinstance(team, ProcessConfig)
    assert (team.workers, team.policy.run_timeout, config.target) == (2, 7200.0, "team")
    assert isinstance(kind, KubernetesConfig)
    assert (kind.capacity, kind.node_selector) == (5, {"a": "b", "c": "d"})
    assert kind.store == BucketConfig(bucket="one", endpoint="http://h", prefix="mine", region="r")
    assert config.computes["c"] == ComputeSettings(cpu=1, memory="2Gi")
    assert config.secrets["s"] == SecretSource(file=str(tmp_path / "b"))
    assert config.datastores["d"].place == BucketDatastore(bucket="one", endpoint="http://h", prefix="p")
    assert config.datastores["f"].place == WorkspaceConfig("other")
    assert config.access.secrets == ("s", "t")
    assert config.own == {"team", "kind"}


def test_null_takes_a_setting_of_the_machine_out(tmp_path: Path) -> None:
    machine = "targets: {a: {type: process, workers: 2}, b: {type: process}}\nsecrets: {s: {env: A}}"
    config = loaded(tmp_path, "targets: {a: {workers: null}, b: ~}\nsecrets: ~", machine)
    assert (config.targets["a"], set(config.targets), config.secrets) == (ProcessConfig(), {"local", "a"}, {})


def test_another_type_replaces_the_machines_entry(tmp_path: Path) -> None:
    machine = KUBERNETES % "capacity: 3"
    assert loaded(tmp_path, "targets: {t: {type: process}}", machine).targets["t"] == ProcessConfig()


def test_a_path_is_seen_from_the_file_that_says_it(tmp_path: Path) -> None:
    machine = tmp_path / "home" / "config.yaml"
    machine.parent.mkdir()
    machine.write_text(BUCKET % "credentials: keys.json")
    (tmp_path / "runner.yaml").write_text("datastores: {d: {prefix: p}}")
    place = load(tmp_path, {"RUNNER_CONFIG": str(machine)}).datastores["d"].place
    assert isinstance(place, BucketConfig)
    assert (place.prefix, place.credentials) == ("p", str(tmp_path / "home" / "keys.json"))


def test_every_example_of_the_documentation_is_a_good_file(tmp_path: Path) -> None:
    pages = (Path(__file__).parents[3] / "docs" / "how-to").glob("*.md")
    examples = [each for page in pages for each in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)]
    assert len(examples) > 4
    for example in examples:
        loaded(tmp_path, example)
