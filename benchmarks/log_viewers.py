"""The memory of the server while many browsers follow logs: ``python benchmarks/log_viewers.py [VIEWERS] [SECONDS]``.

A workspace in a folder has a running step whose log has 100 MB and grows. Each viewer does what the page of the log
does: it loads the page once, asks for the lines that follow every second, and for the page itself. Some of them look
at earlier windows and search meanwhile. The figures are the resident memory of the server and the times of answers.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from runner.model import events as e  # noqa: E402 - the tree of this program comes first
from runner.model.task import TaskId  # noqa: E402
from runner.runs import index, journal, plans  # noqa: E402
from runner.storage.directory import DirectoryStore  # noqa: E402
from tests.support import builders as b  # noqa: E402

RUN = "20260203t040506789z-bbbbbbbbbbbbbbbb"
CHUNK = 4 << 20
LOG = 100 << 20


def line(number: int) -> bytes:
    """Return a line of the log, with a colour."""
    return (
        b"\x1b[36m%09d\x1b[0m loss=0.123456 a text of about one hundred bytes, as training scripts write them\n"
        % number
    )


def make(folder: Path) -> None:
    """Write the workspace: a run with one running step and its log."""
    store = DirectoryStore(folder / ".runner")
    plan = b.plan(b.step("a"))
    plans.save(store, plan)
    index.add(store, index.IndexEntry(run=RUN, experiment="viewers", created=b.T0, steps=1, user="somebody"))
    begun: list[e.Event] = [
        e.RunSubmitted(b.submission(plan, experiment="viewers")),
        e.AttemptStarted("a", 1, "u"),
        e.AttemptRunning("a", b.T0),
    ]
    for number, event in enumerate(begun):
        journal.Writer(store, RUN, "c", number).append([event], b.at(number + 1))
    size = len(line(0))
    for chunk in range(LOG // CHUNK):
        first = chunk * (CHUNK // size)
        store.put(key(chunk + 1), b"".join(line(first + at) for at in range(CHUNK // size)))


def key(number: int) -> str:
    """Return the key of a chunk of the log."""
    return f"{TaskId(RUN, 'a', 1).logs}{number:08d}.txt"


def grow(folder: Path, over: threading.Event) -> None:
    """Let the log grow by 100 lines each half second."""
    store, number, data = DirectoryStore(folder / ".runner"), 1 + LOG // CHUNK, b""
    while not over.wait(0.5):
        data += b"".join(line(at) for at in range(100))
        store.put(key(number), data)


async def view(client: httpx.AsyncClient, number: int, until: float, times: list[float]) -> None:
    """Do what one browser does."""
    base, place, tag = f"/runs/{RUN}/steps/a", 0, ""
    while time.monotonic() < until:
        began = time.monotonic()
        if not place:
            page = await client.get(f"{base}/log")
            place = int(page.text.partition('data-next="')[2].partition('"')[0])
            tag = page.headers["etag"]
        following = (await client.get(f"{base}/log.json?at={place}")).json()
        place = following["next"]
        await client.get(f"{base}/log", headers={"If-None-Match": tag})
        if number % 5 == 0:
            await client.get(f"{base}/log?at={(number * 7919 + int(until - began)) * 40_000 % LOG}")
        if number % 10 == 0:
            await client.get(f"{base}/log?find=000123456")
        times.append(time.monotonic() - began)
        await asyncio.sleep(max(0.0, 1 - (time.monotonic() - began)))


def memory(process: int) -> tuple[float, float]:
    """Return the resident memory of a process now, and at most, in MB."""
    found = {name: rest for name, _, rest in (each.partition(":") for each in _status(process))}
    return int(found["VmRSS"].split()[0]) / 1000, int(found["VmHWM"].split()[0]) / 1000


def _status(process: int) -> list[str]:
    return Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()


async def look(address: str, viewers: int, seconds: float, process: int) -> None:
    """Let the viewers look, and print the figures."""
    url, _, query = address.partition("/login?")
    limits = httpx.Limits(max_connections=4 * viewers)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60, follow_redirects=True) as client:
        await client.get(f"/login?{query}")
        print(f"at rest: {memory(process)[0]:.0f} MB")
        times: list[float] = []
        until = time.monotonic() + seconds
        await asyncio.gather(*(view(client, number, until, times) for number in range(viewers)))
    now, most = memory(process)
    print(f"{viewers} viewers for {seconds:g} s: {now:.0f} MB, at most {most:.0f} MB")
    print(
        f"a round of a viewer: median {statistics.median(times):.3f} s, slowest {max(times):.3f} s, {len(times)} rounds"
    )


def main() -> None:
    """Run the benchmark."""
    viewers = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 30
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        command = [sys.executable, "-m", "runner", "ui", "--no-browser"]
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        ) as server:
            assert server.stdout is not None
            address = next(word for text in server.stdout for word in text.split() if word.startswith("http"))
            over = threading.Event()
            growing = threading.Thread(target=grow, args=(folder, over))
            growing.start()
            try:
                asyncio.run(look(address, viewers, seconds, server.pid))
            finally:
                over.set()
                growing.join()
                server.terminate()


if __name__ == "__main__":
    main()
