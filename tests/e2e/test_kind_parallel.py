"""A parallel step on a kind cluster: pods of it are killed, and every item has one result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runner.model.task import TaskId
from runner.runs.batch_board import read_progress
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import Namespace, RunContext, a_desk, finished, name_of, patiently

pytestmark = pytest.mark.kind
DRIVER = """
from azureml.core import Dataset
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep

store = ws.get_default_datastore()
config = ParallelRunConfig(
    source_directory=os.path.join(here, "scripts"), entry_script="entry.py", mini_batch_size="4", error_threshold=0,
    output_action="append_row", environment=ready.environment, compute_target="c", node_count=4,
    process_count_per_node=1,
)
files = Dataset.File.from_files(store.path("items/**")).as_named_input("items")
submit(ParallelRunStep("score", config, inputs=[files], output=PipelineData("out", datastore=store)))
"""
ENTRY = """
import time
def run(batch):
    time.sleep(0.04 * len(batch))
    return [open(path).read() for path in batch]
"""


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    one = a_desk(tmp_path, kind_cluster)
    yield one
    one.delete()


def pod_of(namespace: Namespace, run: str, index: int) -> str:
    """The name of the running pod of a worker; empty: there is none."""
    label = "batch.kubernetes.io/job-completion-index"
    return next(
        (
            name_of(pod)
            for pod in namespace.pods(run)
            if pod["metadata"]["labels"].get(label) == str(index) and pod["status"]["phase"] == "Running"
        ),
        "",
    )


@pytest.mark.parametrize("items", [300, pytest.param(1000, marks=pytest.mark.all_data)])
def test_killed_pods_cost_no_item_and_none_counts_twice(
    desk: RunContext, kind_cluster: KindCluster, items: int
) -> None:
    namespace = Namespace(kind_cluster)
    with ThreadPoolExecutor(16) as writers:
        list(writers.map(lambda n: desk.store.put(f"items/{n:05d}.txt", str(n).encode()), range(items)))
    desk.driver(DRIVER, entry=ENTRY)
    process = desk.start("run", "driver.py", "--target", "kind")
    run = desk.await_run(process)
    (key,) = desk.view(run).state.steps
    results = f"{TaskId(run, key).batches}results/"
    for index, least in ((2, 3), (0, 6)):

        def enough(least: int = least) -> bool:
            assert process.poll() is None, process.communicate()
            return len(list(desk.store.list(results))) >= least

        patiently(enough, "results of batches", 120)
        namespace.kill_pod(patiently(lambda index=index: pod_of(namespace, run, index), "a running pod"))  # type: ignore[misc]
    done = finished(process, 0.0).ok()
    view = desk.view(run)
    step = view.state.steps[key]
    # One attempt is usual, and tests/contract/test_workers_on_kind.py holds it for one deleted pod. A second attempt,
    # which goes on with the batches of the first, was seen in one of eight runs of this test.
    assert step.attempt <= 2, done.text
    rows = desk.store.get(f"{step.outputs['out'].key}/parallel_run_step.txt").decode().splitlines()
    assert [int(row) for row in rows] == list(range(items)), done.text
    shown = read_progress(desk.store, TaskId(run, key).batches)
    assert shown is not None
    assert (shown.total, shown.done, shown.items, shown.failed_items) == (items // 4, items // 4, items, 0)
    document = desk.on_kind("status", run)
    assert json.dumps(document["steps"][0]["batches"])
    names = {name for name in desk.listing() if "/logs/user/stdout/" in name}
    assert {name.rsplit("/", 2)[1] for name in names} >= {"0", "1"}, "logs have the index of their worker"
