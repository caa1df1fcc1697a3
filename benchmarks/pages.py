"""The web pages in Chromium: their first pages, a run of 1,000 steps, a change of state, and viewers that follow logs.

A real `runner ui` serves a folder, and with --bucket a bucket too; Chromium runs on the same machine.
Figures: benchmarks/README.md.

    benchmarks/pages.py                                       a folder with 10,000 runs
    benchmarks/pages.py --bucket NAME --endpoint URL          and a bucket of a MinIO server, by minioadmin's keys
    benchmarks/pages.py --runs 100                            fewer runs
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from listing import FEW, fill, search  # noqa: E402 - the tree of this program comes first
from runner.model import events as e  # noqa: E402
from runner.model.record import Failure  # noqa: E402
from runner.model.task import TaskId  # noqa: E402
from runner.ports import ObjectStore  # noqa: E402
from runner.wiring import open_session  # noqa: E402
from tests.support import shown_runs  # noqa: E402
from tests.support.shown_pages import browser, started  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

VIEWERS = 20
TIMES = 5
KEPT = 1.0
"""Seconds after which the server reads the runs again."""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
PAN = """async () => {
    const graph = document.querySelector("main .graph svg") || document.querySelector("main svg");
    const box = graph.getBoundingClientRect(), times = [];
    const x = box.left + box.width / 2, y = Math.min(box.top + box.height / 2, innerHeight - 50);
    const send = (type, dx) => graph.dispatchEvent(new PointerEvent(type, {bubbles: true, pointerId: 1, isPrimary: true,
        button: 0, buttons: type === "pointerup" ? 0 : 1, clientX: x + dx, clientY: y}));
    send("pointerdown", 0);
    for (let frame = 0; frame < 120; frame++) {
        send("pointermove", 3 * (frame % 60));
        times.push(await new Promise(requestAnimationFrame));
    }
    send("pointerup", 0);
    return times;
}"""


@dataclass
class Figure:
    """One figure beside its aim; `most` False: the aim is the least."""

    name: str
    value: float
    aim: float
    unit: str = "s"
    most: bool = True

    @property
    def met(self) -> bool:
        """Return True if the aim is met."""
        return self.value <= self.aim if self.most else self.value >= self.aim

    def line(self) -> str:
        """Return the figure in a line."""
        verdict = "" if self.met else ", missed"
        return f"{self.name}: {self.value:.2f} {self.unit} (aim {self.aim} {self.unit}{verdict})"


def prepare(store: ObjectStore, runs: int) -> tuple[str, shown_runs.ShownRun]:
    """Store many ended runs, one of 1,000 steps and one that goes on; return the large one's id, and the last."""
    fill(store, runs)
    search(store, FEW)  # the first search is slower: benchmarks/listing.py has it
    now = store.now().replace(microsecond=0)
    large = shown_runs.large(store, now - timedelta(minutes=2))
    going = shown_runs.running(store, now - timedelta(minutes=1))
    for run in (large, going):
        run.write(now + timedelta(hours=3))
    return large.run, going


def seconds(act: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def first_paint(page: Page, address: str) -> float:
    """Return the seconds until a page shows something."""
    page.goto(address)
    page.wait_for_timeout(300)
    return float(page.evaluate(PAINT)) / 1000


def frames(page: Page) -> float:
    """Return the frames per second while the graph is moved."""
    page.wait_for_timeout(1500)
    times = page.evaluate(PAN)
    return float(1000 * (len(times) - 1) / (times[-1] - times[0]))


def change(page: Page, origin: str, going: shown_runs.ShownRun) -> float:
    """Return the seconds from a journal entry until the page shows it."""
    page.goto(f"{origin}/runs/{going.run}")
    page.wait_for_timeout(2500)
    at = (going.store.now() - going.began).total_seconds()
    going.at(at, e.StepFailed(key="train", failure=Failure.USER, reason="no rows are left", exit_code=3))
    going.write(going.store.now() + timedelta(hours=3))
    return seconds(lambda: page.get_by_text("no rows are left").first.wait_for(timeout=60_000))


def memory(process: int) -> float:
    """Return the resident memory of a process in MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def followers(origin: str, cookie: str, store: ObjectStore, run: str, process: int) -> float:
    """Return the greatest memory of the server in MiB while viewers follow a log that grows."""
    logs = TaskId(run, "score", 1).logs
    stop = threading.Event()
    address = f"{origin}/runs/{run}/steps/score/log"

    def follow() -> None:
        while not stop.is_set():
            with urlopen(Request(address, headers={"Cookie": cookie}), timeout=60) as answer:
                answer.read()
            stop.wait(0.5)

    threads = [threading.Thread(target=follow) for _ in range(VIEWERS)]
    for thread in threads:
        thread.start()
    most = 0.0
    for chunk in range(1, 21):
        store.put(f"{logs}{chunk:08d}.txt", b"epoch 1 of 9, loss 0.123456 of a line of the log\n" * 5000)
        time.sleep(1)
        most = max(most, memory(process))
    stop.set()
    for thread in threads:
        thread.join()
    return most


def measure(name: str, folder: Path, runs: int, aim: float) -> list[Figure]:
    """Return the figures of one store."""
    session = open_session(folder)
    _ = session.store_id
    large, going = prepare(session.store, runs)
    with browser() as opened, started(folder) as (address, process):
        origin = address.partition("/login")[0]
        context: BrowserContext = opened.new_context(viewport={"width": 1280, "height": 900})
        context.request.get(address, max_redirects=0)
        page = context.new_page()
        cookie = "; ".join(f"{one['name']}={one['value']}" for one in context.cookies())

        def answer(path: str) -> float:
            asked = Request(f"{origin}{path}", headers={"Cookie": cookie})

            def read() -> None:
                with urlopen(asked, timeout=60) as got:
                    got.read()

            times = []
            for _ in range(TIMES):
                time.sleep(KEPT)
                times.append(seconds(read))
            return median(times)

        cold = seconds(lambda: context.request.get(f"{origin}/runs"))
        found = [
            Figure(f"{name}: first page of {runs} runs, the server's first answer", cold, aim),
            Figure(f"{name}: first page of {runs} runs", answer("/runs"), aim),
            Figure(f"{name}: first page of a filter", answer("/runs?user=bob"), aim),
            Figure(f"{name}: first paint of the runs", first_paint(page, f"{origin}/runs"), aim),
            Figure(f"{name}: first paint of 1,000 steps", first_paint(page, f"{origin}/runs/{large}"), 1.0),
            Figure(f"{name}: 1,000 steps panned", frames(page), 30, "frames a second", most=False),
            Figure(f"{name}: a change of state is visible after", change(page, origin, going), 2.0),
        ]
        memory_now = followers(origin, cookie, session.store, going.run, process.pid)
        found.append(Figure(f"{name}: server memory with {VIEWERS} viewers of logs", memory_now, 150, "MiB"))
    return found


def main() -> int:
    """Measure, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--bucket", default="")
    parser.add_argument("--endpoint", default="http://127.0.0.1:9000")
    options = parser.parse_args()
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        places = [("folder", Path(folder) / "folder", 0.3)]
        if options.bucket:
            places.append(("MinIO", Path(folder) / "bucket", 1.0))
        for name, place, aim in places:
            place.mkdir()
            if name == "MinIO":
                keys = place / "keys.json"
                keys.write_text(json.dumps({"access_key": "minioadmin", "secret_key": "minioadmin"}), encoding="utf-8")
                keys.chmod(0o600)
                store = f"{{bucket: {options.bucket}, endpoint: '{options.endpoint}', credentials: '{keys}'}}"
                target = f"target: laptop\ntargets:\n  laptop: {{type: process, store: {store}}}\n"
                text = f"name: pages-{os.urandom(2).hex()}\n{target}"
                (place / "runner.yaml").write_text(text, encoding="utf-8")
            for figure in measure(name, place, options.runs, aim):
                found.append(figure)
                print(figure.line(), flush=True)
    return 0 if all(figure.met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
