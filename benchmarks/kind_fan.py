"""100 trivial steps at once on a kind cluster: `runner run --target kind` against bare Jobs created at once.

Ours writes 1 KiB of PipelineData a step to the bucket; the target's capacity is set to the width. The bare side creates
Jobs of the same image, user, requests and script from eight threads and watches until all are Complete. From the first
POST (for ours: the first Job seen in a watch) to the last completion (for ours: the run's end in its journal); one
clock. The first pair is thrown away: caches are warm on both sides.

    runner cluster up && python benchmarks/kind_fan.py [--width 100] [--rounds 3] [--image python:3.11-slim]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from kind_chain import Cluster, FirstJob, bare_job
from kind_target import newest, room_for
from measure import RUNNER, ratio, run, table
from project import STEP, write_chains
from runner.compute.kubernetes.config import KubernetesConfig

BAR = 1.2
_LABEL = "runner-benchmark"
_SECONDS = 900
_POSTERS = 8


def ours(cluster: Cluster, target: KubernetesConfig, width: int, image: str, environ: Mapping[str, str]) -> float:
    """Seconds from the first Job to the run's end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        driver = write_chains(folder, width, 1, image)
        first = FirstJob(cluster.jobs, target.namespace)
        first.start()
        run([RUNNER, "run", driver.name, "--target", "kind"], cwd=folder, environ=environ)
        first.join(10)
        command = [RUNNER, "status", newest(folder, environ), "--target", "kind", "--json"]
        shown = json.loads(run(command, cwd=folder, environ=environ))
    if first.seen is None:
        sys.exit("the watch saw no Job of runner")
    return datetime.fromisoformat(shown["ended"].replace("Z", "+00:00")).timestamp() - first.seen


def bare(cluster: Cluster, target: KubernetesConfig, width: int, image: str) -> float:
    """Seconds from the first POST until the last Job is Complete."""
    from kubernetes.watch import Watch

    jobs, namespace, mark = cluster.jobs, target.namespace, uuid4().hex[:8]
    script = f"{_LABEL}-{mark}"
    cluster.core.create_namespaced_config_map(
        namespace, {"metadata": {"name": script, "labels": {_LABEL: mark}}, "data": {"step.py": STEP}}
    )
    listed = jobs.list_namespaced_job(namespace, limit=1).metadata.resource_version
    bodies = [bare_job(f"{script}-{number}", mark, image=image, user=target.run_as) for number in range(width)]
    started = time.time()
    with ThreadPoolExecutor(_POSTERS) as posters:
        list(posters.map(lambda body: jobs.create_namespaced_job(namespace, body), bodies))
    waiting = {f"{script}-{number}" for number in range(width)}
    stream = Watch().stream(
        jobs.list_namespaced_job,
        namespace,
        label_selector=f"{_LABEL}={mark}",
        resource_version=listed,
        timeout_seconds=_SECONDS,
    )
    for event in stream:
        if any(condition.type == "Complete" for condition in event["object"].status.conditions or ()):
            waiting.discard(event["object"].metadata.name)
        if not waiting:
            break
    else:
        sys.exit(f"{len(waiting)} bare Jobs are not Complete after {_SECONDS} s")
    took = time.time() - started
    for number in range(width):
        jobs.delete_namespaced_job(f"{script}-{number}", namespace, propagation_policy="Background")
    cluster.core.delete_namespaced_config_map(script, namespace)
    return took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--image", default="python:3.11-slim")
    options = parser.parse_args()
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        environ, target, cluster = room_for(options.width, Path(name))
        for number in range(options.rounds + 1):
            pair = (
                ours(cluster, target, options.width, options.image, environ),
                bare(cluster, target, options.width, options.image),
            )
            if number > 0 or not options.rounds:
                mine.append(pair[0])
                theirs.append(pair[1])
    table(f"fan of {options.width}, kind", "s", {"runner": mine, "bare Jobs": theirs})
    ratio(mine, theirs, BAR)


if __name__ == "__main__":
    main()
