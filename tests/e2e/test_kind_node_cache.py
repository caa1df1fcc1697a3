"""Steps of one node share what they fetch, and none of them believes what lies there."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.cluster.api import ClusterApi
from runner.cluster.kind import read_kubeconfig
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext, a_desk

pytestmark = pytest.mark.kind

MAKE = """
import os, sys
os.makedirs(sys.argv[1])
for name in ("large", "small"):
    open(os.path.join(sys.argv[1], name), "wb").write(name.encode() * (1 << 20 if name == "large" else 1))
"""
TAKE = """
import os, sys
from pathlib import Path
given, out, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
assert (given / "small").read_bytes() == b"small"
assert (given / "large").read_bytes() == b"large" * (1 << 20)
files = [path for path in Path("/runner/cache/objects").rglob("*") if path.is_file()]
print("KEPT", len(files), sum(path.stat().st_size for path in files))
for path in files if what == "spoil" else ():
    path.write_bytes(path.read_bytes()[::-1])
out.mkdir()
"""
DRIVER = """
one = PipelineData("one")
ends = {name: PipelineData(name) for name in ("a", "b", "spoil", "last")}
copy = one.as_download()
takes = {name: step(name, "take.py", arguments=[copy, out, name], inputs=[copy], outputs=[out])
         for name, out in ends.items()}
takes["spoil"].run_after(takes["a"])
takes["spoil"].run_after(takes["b"])
takes["last"].run_after(takes["spoil"])
submit(step("make", "make.py", arguments=[one], outputs=[one]), *takes.values())
"""


@pytest.fixture
def desk(kind_cluster: KindCluster, tmp_path: Path) -> Iterator[RunContext]:
    name, api = f"cache-{secrets.token_hex(4)}", ClusterApi(read_kubeconfig(kind_cluster.name))
    claims = f"/api/v1/namespaces/{kind_cluster.namespace}/persistentvolumeclaims"
    api.create(
        claims,
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": kind_cluster.namespace},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}},
        },
    )
    try:
        yield a_desk(tmp_path / "desk", kind_cluster).configure(node_cache={"claim": name, "size": "16Mi"})
    finally:
        api._send("DELETE", f"{claims}/{name}")
        api.close()


def test_a_node_fetches_once_and_trusts_nothing(desk: RunContext) -> None:
    desk.driver(DRIVER, make=MAKE, take=TAKE)
    done = desk.run()
    assert done.code == 0, done.text
    logs = {
        name: desk.runner("logs", "latest", name, "--target", "kind").ok().out for name in ("a", "b", "spoil", "last")
    }
    # The large file is fetched by who comes first; the other one waits for it. Small files are fetched by either.
    fetched = [
        name for name in ("a", "b") if not re.search("from the cache of the node: [12] files, 5[.]2 MB", logs[name])
    ]
    assert len(fetched) == 1, logs
    assert "from the cache of the node: 2 files, 5.2 MB" in logs["spoil"], logs
    assert "from the cache of the node" not in logs["last"], logs
    assert all("KEPT 2 5242885" in log for log in (logs["spoil"], logs["last"])), logs
