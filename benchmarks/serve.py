"""Submissions and reads by REST: ``benchmarks/serve.py [--submissions 50] [--seconds 10] [--connections 16]``.

A real ``runner serve`` over a folder, on this machine, with the clients beside it. 50 submissions are sent at once,
each twice with one key; then one run is read over and over. It ends with an error if a run was lost or doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from measure import RUNNER, bare_environ, run

AIM_READS = 1000.0
"""Reads per second, on two cores."""
PUBLISH = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

step = PythonScriptStep("step.py", source_directory="steps", compute_target="cluster", allow_reuse={reuse})
published = Pipeline(Workspace.from_config(), [step]).publish(name="load")
print("id:", published.id)
"""
LIMITS = """\
serve:
  limits: {requests_per_second: 1000000, submissions_per_second: 1000000}
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    host: str
    port: int
    token: str
    process: int
    """Its id."""

    @property
    def processor(self) -> float:
        """The seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """Return the bytes of a request."""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self.host}",
            f"Authorization: Bearer {self.token}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
            *([f"Content-Length: {len(body)}", "Content-Type: application/json"] if body else []),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


async def answered(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return status and body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return int(head.split()[1]), await reader.readexactly(int(found[1]) if found else 0)


async def submissions(server: Server, pipeline: str, count: int) -> tuple[list[float], list[str]]:
    """Send `count` submissions at once, each twice with one key. Return the seconds of each, and the runs."""
    path = f"/pipelines/v1.0/PipelineRuns/PipelineSubmit/{pipeline}"
    body = json.dumps({"ExperimentName": "load"}).encode()

    async def one(key: int) -> tuple[float, str]:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        began = time.perf_counter()
        writer.write(server.request("POST", path, body, Idempotency_Key=f"load-{key}"))
        status, answer = await answered(reader)
        writer.close()
        if status != 200:
            sys.exit(f"a submission was answered with {status}: {answer.decode()}")
        return time.perf_counter() - began, str(json.loads(answer)["Id"])

    done = await asyncio.gather(*(one(at % count) for at in range(2 * count)))
    return [seconds for seconds, _ in done], [made for _, made in done]


async def reads(server: Server, path: str, seconds: float, connections: int) -> list[float]:
    """Read a path over and over on each connection. Return the seconds of each read."""
    request, until = server.request("GET", path), time.perf_counter() + seconds

    async def one() -> list[float]:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        took = []
        while (began := time.perf_counter()) < until:
            writer.write(request)
            status, answer = await answered(reader)
            if status != 200:
                sys.exit(f"a read was answered with {status}: {answer.decode()}")
            took.append(time.perf_counter() - began)
        writer.close()
        return took

    return [each for took in await asyncio.gather(*(one() for _ in range(connections))) for each in took]


@contextmanager
def serving(folder: Path, environ: Mapping[str, str]) -> Iterator[Server]:
    """Start a server in a workspace; end it by SIGTERM."""
    command = [RUNNER, "serve", "--port", "0", "--no-schedules"]
    process = subprocess.Popen(
        command, cwd=folder, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        said = ""
        while not (found := re.search(r"runner serves http://([\d.]+):(\d+)", said)):
            line = process.stderr.readline()
            if not line:
                sys.exit(f"the server did not start:\n{said}")
            said += line
        (token,) = Path(environ["XDG_CONFIG_HOME"]).rglob("*.token")
        yield Server(found[1], int(found[2]), token.read_text(encoding="utf-8").strip(), process.pid)
        process.send_signal(signal.SIGTERM)
        if process.wait(60) != 0:
            sys.exit("the server did not end well")
    finally:
        process.kill()


def checked(folder: Path, environ: Mapping[str, str], made: Sequence[str], count: int) -> float:
    """Wait until all runs have ended; return the seconds. End the benchmark if one was lost or doubled."""
    began = time.perf_counter()
    while True:
        listed = json.loads(run([RUNNER, "list", "-n", "100000", "--json"], cwd=folder, environ=environ))["runs"]
        if all(each["ended"] for each in listed):
            break
        time.sleep(1)
    runs = [str(each["run"]) for each in listed]
    if len(set(made)) != count or sorted(runs) != sorted(set(made)):
        sys.exit(f"{count} submissions, {len(set(made))} answers, {len(runs)} runs: some were lost or doubled")
    failed = [each for each in listed if each["succeeded"] != each["steps"]]
    if failed:
        sys.exit(f"{len(failed)} runs did not succeed: {failed[0]}")
    return time.perf_counter() - began


def percentiles(what: str, took: Sequence[float]) -> None:
    """Print the number, p50 and p99 of times."""
    ordered = sorted(took)
    p50, p99 = (1000 * ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99))
    print(f"| {what} | {len(took)} | {p50:.1f} | {p99:.1f} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--submissions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place, "workspace")
        (folder / "steps").mkdir(parents=True)
        (folder / "steps" / "step.py").write_text("print(1)\n", encoding="utf-8")
        (folder / "publish.py").write_text(PUBLISH.format(reuse=False), encoding="utf-8")
        (folder / "runner.yaml").write_text(LIMITS, encoding="utf-8")
        environ = {
            **bare_environ(),
            "XDG_CONFIG_HOME": str(Path(place, "config")),
            "XDG_CACHE_HOME": str(Path(place, "cache")),
        }
        found = re.search(r"id: (\S+)", run([RUNNER, "run", "publish.py"], cwd=folder, environ=environ))
        assert found is not None
        with serving(folder, environ) as server:
            began = time.perf_counter()
            took, made = asyncio.run(submissions(server, found[1], options.submissions))
            whole = time.perf_counter() - began
            ended = checked(folder, environ, made, options.submissions)
            run_path = f"/api/v1/runs/{made[0]}"
            by_path, processor = {}, {}
            for path in ("/healthz", run_path, "/api/v1/runs?limit=20"):
                before = server.processor
                by_path[path] = asyncio.run(reads(server, path, options.seconds, options.connections))
                processor[path] = 1000 * (server.processor - before) / len(by_path[path])
        print(f"\n{os.cpu_count()} cores; the clients run on them too\n")
        print("| what | calls | p50, ms | p99, ms |\n| --- | --- | --- | --- |")
        percentiles(f"{options.submissions} submissions at once, each twice", took)
        for path, times in by_path.items():
            percentiles(path.replace(made[0], "RUN"), times)
        print(
            f"\nall submissions answered after {whole:.1f} s; all runs ended {ended:.1f} s later; none lost or doubled"
        )
        for path, times in by_path.items():
            per_second = len(times) / options.seconds
            aim = (
                f" (aim: {AIM_READS:.0f}; {'met' if per_second >= AIM_READS else 'MISSED'})" if path == run_path else ""
            )
            used = f"{processor[path]:.2f} ms of the server's processor time each"
            print(f"{path.replace(made[0], 'RUN')}: {per_second:.0f} per second{aim}; {used}")


if __name__ == "__main__":
    main()
