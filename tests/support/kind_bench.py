"""A real cluster for the suite that every compute target passes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from runner.compute.kubernetes.api import KubernetesApi
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.data import packing, snapshot
from runner.data.step_bundle import archive
from runner.datastores import bucket_endpoints
from runner.model.access import Access
from runner.model.document import to_document
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.step import Interpreter, OutputPath
from runner.model.store_endpoint import StepStores
from runner.model.task import Task, TaskId
from runner.runs import records
from runner.storage.s3.store import BucketStore
from runner.wiring.configuration import load
from tests.support import builders as b
from tests.support.image_stores import kind_images
from tests.support.kind_cluster import KindCluster
from tests.support.kind_ledger import Ledger, open_ledger
from tests.support.kind_runs import IMAGE, Namespace, patiently

SCRIPT = """\
import os, sys, time, urllib.request, uuid
url = os.environ["LEDGER"] + "/" + os.environ["WHO"] + "/" + str(uuid.uuid4())
urllib.request.urlopen(urllib.request.Request(url, data=b"ran", method="PUT"))
what, out = sys.argv[1:3]
print("hello", what, flush=True)
if what == "fails":
    sys.exit("no such luck")
while what == "hangs":
    time.sleep(0.02)
os.makedirs(out)
with open(os.path.join(out, "data.txt"), "w") as file:
    file.write(what)
"""


@dataclass
class KindBench:
    """A part of the bucket, Jobs in the namespace, and scripts that enter themselves in a ledger."""

    cluster: KindCluster
    folder: Path
    ledger: Ledger
    targets: list[KubernetesTarget] = field(default_factory=list)
    runs: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        found = load(self.folder, self.cluster.environ).get("kind")
        assert isinstance(found, KubernetesConfig)
        self.mark = secrets.token_hex(6)
        near, self.far = bucket_endpoints(replace(found.store, prefix=f"contract/{self.mark}"), "kind")
        self.store = BucketStore(near)
        environment = NamedEnvironment("ready", EnvironmentSpec(image=IMAGE, ready=True))
        self.image = kind_images(self.cluster.name).ensure(environment, print).reference

    def target(self, **settings: float) -> KubernetesTarget:
        made = KubernetesTarget(
            "kind",
            KubernetesApi(self.cluster.namespace, str(self.cluster.kubeconfig)),
            replace(ClusterSettings(store_id=self.mark, namespace=self.cluster.namespace), **settings),  # type: ignore[arg-type]  # by name
            store=self.store,
            step_stores=lambda _: {Access(): json.dumps(to_document(StepStores(self.far)))},
            step_archive=archive(),
        )
        self.targets.append(made)
        return made

    def task(self, what: str, attempt: int = 1, run: str = b.RUN) -> Task:
        return self.assign(SCRIPT, what, attempt, run=run)

    def assign(self, script: str, what: str, attempt: int = 1, *, run: str = b.RUN, **changes: object) -> Task:
        """A task that runs a script with `what` and the path of its output."""
        self.runs.add(run)
        code = self.folder / "code"
        code.mkdir(exist_ok=True)
        (code / "script.py").write_text(script)
        taken = snapshot.take(code)
        packing.keep(self.store, taken)
        variables = {"LEDGER": self.ledger.url, "WHO": f"{run}/{what}/{attempt}"}
        made = b.task(
            what,
            attempt,
            id=TaskId(run, what, attempt),
            command=(Interpreter(), "script.py", what, OutputPath("out")),
            snapshot=taken.digest,
            environment=self.image,
            variables={**variables, **cast("dict[str, str]", changes.pop("variables", {}))},
            **changes,
        )
        return records.assign(self.store, made)

    def executions(self, task: Task) -> int:
        return self.ledger.count().get(f"{task.id.run}/{task.id.key}/{task.id.attempt}", 0)

    def close(self) -> None:
        last, namespace = self.target(), Namespace(self.cluster)
        for run in self.runs:
            last.finish(run)
        for target in self.targets:
            target.close()
        # The suite's runs have the same ids every time: the next test must not find this one's objects.
        patiently(lambda: not any(map(namespace.of_run, self.runs)), "an empty namespace", 60, 0.2)
        for info in self.store.list(""):
            self.store.delete(info.key)


@contextmanager
def kind_bench(cluster: KindCluster, folder: Path) -> Iterator[KindBench]:
    """A bench, cleared away afterwards."""
    with open_ledger(cluster) as ledger:
        bench = KindBench(cluster, folder, ledger)
        try:
            yield bench
        finally:
            bench.close()
