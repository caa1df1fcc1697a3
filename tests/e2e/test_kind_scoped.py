"""A hostile step with keys of its own: the store and the cluster refuse what is not its, and no key lies about."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.model.document import Document
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import Namespace, RunContext, a_desk, finished

pytestmark = pytest.mark.kind
PAUSE = 0.2
"""Seconds between two looks at the namespace: the machine is small."""
OTHER_RUN = "20260102t030405678z-bbbbbbbbbbbbbbbb"
PLANTED = (
    f"runs/{OTHER_RUN}/journal/00000001.json",
    f"azureml/{OTHER_RUN}.step-1/out/x.txt",
    f"snapshots/{'a' * 64}.zip",
    "index/000000000000000-planted",
)
DRIVER = """
from azureml.core import Dataset

store = ws.get_default_datastore()
open("seed.txt", "w").write("seed")
store.upload_files(["seed.txt"], target_path="raw", show_progress=False)
made, taken, mine = (PipelineData(name, datastore=store) for name in ("made", "taken", "mine"))
neighbour = step("neighbour", "neighbour.py", arguments=[made, taken], outputs=[made, taken], allow_reuse=False)
hostile = step("hostile", "hostile.py", arguments=[taken, mine], inputs=[taken], outputs=[mine], allow_reuse=False)
submit(neighbour, hostile)
"""
NEIGHBOUR = """
import os, sys
for place in sys.argv[1:]:
    os.makedirs(place, exist_ok=True)
    open(os.path.join(place, "x.txt"), "w").write("of the neighbour")
"""
HOSTILE = f"""
import json, os, ssl, sys, urllib.error, urllib.request
from azureml.core import Dataset, Run
from _runner_step.errors import StoreDenied
from _runner_step.model.document import from_document
from _runner_step.model.store_endpoint import StepStores
from _runner_step.storage.s3.store import BucketStore
from dataclasses import replace

assert open(os.path.join(sys.argv[1], "x.txt")).read() == "of the neighbour"
run = Run.get_context()
with open("/runner/secret/stores.json") as file:
    stores = from_document(StepStores, json.load(file))
own = stores.workspace
me = os.environ["AZUREML_ROOT_RUN_ID"]
reads = {list(PLANTED[:2])!r} + [f"azureml/{{me}}.neighbour-1/made/x.txt", "index/000000000000000-planted"]
writes = {list(PLANTED)!r} + [
    f"runs/{{me}}/neighbour-1/committed.json",
    f"runs/{{me}}/journal/00000001.json",
    f"azureml/{{me}}.neighbour-1/taken/x.txt",
]
open_to_it = []
for keys in (own.credentials, own.shared):
    store = BucketStore(replace(own, credentials=keys, shared=None))
    whole = BucketStore(replace(own, credentials=keys, shared=None, prefix=""))
    attempts = [(f"read {{key}}", lambda key=key: store.get(key)) for key in reads]
    attempts += [(f"write {{key}}", lambda key=key: store.put(key, b"hostile")) for key in writes]
    attempts += [(f"delete {{key}}", lambda key=key: store.delete(key)) for key in writes]
    attempts += [(f"list {{what}}", lambda at=at: list(at.list(what)))
                 for at in (store, whole) for what in ("", "runs/", "azureml/", "index/")]
    for name, act in attempts:
        try:
            act()
        except StoreDenied:
            continue
        open_to_it.append(name)
for path in ("secrets", f"secrets/run-{{me}}", "jobs", "pods"):
    url = f"https://kubernetes.default.svc/api/v1/namespaces/runner/{{path}}"
    try:
        urllib.request.urlopen(url, timeout=5, context=ssl._create_unverified_context())
    except urllib.error.HTTPError as error:
        if error.code not in (401, 403, 404):
            open_to_it.append(f"{{path}}: {{error}}")
    except OSError:
        pass
    else:
        open_to_it.append(path)
print("tokens", own.credentials.session_token, own.shared.secret_key, flush=True)

run.log("attempts", len(attempts))
run.parent.log("from_the_step", 1)
child = run.child_run("part")
child.log("size", 1)
child.complete()
ws = run.experiment.workspace
data = ws.get_default_datastore()
files = Dataset.File.from_files((data, "raw"))
assert sorted(files.to_path()) == ["/seed.txt"], files.to_path()
files.register(ws, "seeds", create_new_version=True)
assert Dataset.get_by_name(ws, "seeds").version == 1
os.makedirs(sys.argv[2], exist_ok=True)
open(os.path.join(sys.argv[2], "y.txt"), "w").write("mine")
data.upload_files(["hostile.py"], target_path="kept", show_progress=False)
assert not open_to_it, open_to_it
"""


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    one = a_desk(tmp_path, kind_cluster).configure(credentials="scoped")
    yield one
    one.delete()


def holds(text: str, secret: str) -> bool:
    """Whether the secret, or its base64 at any offset within what was encoded, is in the text."""
    encoded = [base64.b64encode(b" " * lead + secret.encode()).decode()[4:-4] for lead in range(3)]
    return any(each in text for each in (secret, *encoded))


def test_a_hostile_step_reaches_its_own_data_alone(desk: RunContext, kind_cluster: KindCluster) -> None:
    for key in PLANTED:
        desk.store.put(key, b"planted")
    desk.driver(DRIVER, neighbour=NEIGHBOUR, hostile=HOSTILE)
    process = desk.start("run", "driver.py", "--target", "kind")
    run, namespace = desk.await_run(process), Namespace(kind_cluster)
    seen: dict[str, Document] = {}
    while process.poll() is None:
        time.sleep(PAUSE)
        for kind in ("jobs", "pods", "configmaps", "secrets"):
            seen |= {f"{kind}/{json.dumps(item)}": item for item in namespace.items(kind, f"runner/run={run}")}
    done = finished(process, time.monotonic())
    assert done.code == 0, done.text
    assert "WARNING" not in done.text
    for key in PLANTED:
        assert desk.store.get(key) == b"planted"
    assert desk.store.get(f"azureml/{run}.hostile-1/mine/y.txt") == b"mine"
    printed = desk.runner("logs", "hostile", "--target", "kind").ok().out
    assert "tokens *** ***" in printed

    static = json.loads(kind_cluster.credentials.read_bytes())["secret_key"]
    secrets = [item for kind, item in seen.items() if kind.startswith("secrets/")]
    assert {item["metadata"]["name"].endswith("-keys") for item in secrets} == {True}
    assert not any(holds(json.dumps(item), static) for item in seen.values())
    tokens = {
        place["credentials"]["session_token"]
        for item in secrets
        for place in [json.loads(base64.b64decode(item["data"]["stores.json"]))["workspace"]]
    }
    assert len(tokens) == 2, "one of each attempt"
    for text in (*(json.dumps(item) for kind, item in seen.items() if not kind.startswith("secrets/")), done.text,
                 desk.controller_log(run), printed):  # fmt: skip
        assert not any(holds(text, secret) for secret in (static, *tokens))
    for key in desk.listing():
        content = desk.store.get(key).decode("latin-1")
        assert not any(holds(content, secret) for secret in (static, *tokens)), key
    namespace.empties_of(run)
