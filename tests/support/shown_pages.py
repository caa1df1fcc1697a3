"""A workspace with a run of each kind, its pages served by `runner ui`, and Chromium to look at them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.storage.directory import DirectoryStore
from runner.wiring.workspace import open_session
from tests.support import hostile_run, shown_runs
from tests.support.needs import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, Response

ROOT = Path(__file__).parents[2]
AXE = Path(__file__).with_name("axe") / "axe.js"
_STARTED = 60.0
"""Seconds after which the pages must be served, also on a busy machine."""
SERIOUS = ("serious", "critical")


@dataclass
class ShownWorkspace:
    """A project's folder with runs."""

    folder: Path
    store: DirectoryStore
    runs: dict[str, str] = field(default_factory=dict)
    """The ids of runs by their kind."""
    goes_on: shown_runs.ShownRun | None = None


def workspace(folder: Path, many: int = 1000) -> ShownWorkspace:
    """Write a workspace with runs that succeeded, failed, go on, are large, searched, and are hostile."""
    folder.mkdir(parents=True, exist_ok=True)
    session = open_session(folder)
    _ = session.store_id
    store = DirectoryStore(folder / ".runner")
    now = datetime.now(timezone.utc).replace(microsecond=0)
    alive = now + timedelta(hours=3)
    made = ShownWorkspace(folder, store)

    def ago(minutes: float) -> datetime:
        return now - timedelta(minutes=minutes)

    kinds = {
        "first": shown_runs.succeeded(store, ago(3000), 1, accuracy=0.91),
        "second": shown_runs.succeeded(store, ago(2000), 7, accuracy=0.93),
        "search": shown_runs.search(store, ago(500)),
        "failed": shown_runs.failed(store, ago(90)),
        "large": shown_runs.large(store, ago(2), many),
        "running": shown_runs.running(store, ago(1)),
    }
    for kind in ("large", "running"):
        kinds[kind].write(alive)
    made.runs = {kind: run.run for kind, run in kinds.items()}
    made.runs["hostile"] = hostile_run.store_hostile_run(store)
    made.goes_on = kinds["running"]
    return made


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the pages of a folder by `runner ui`; yield the address that opens a session."""
    with started(folder) as (address, _):
        yield address


@contextmanager
def started(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start `runner ui`; yield the address that opens a session, and the process. It must end well by Ctrl-C."""
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runner' / 'compat'}"}
    command = [sys.executable, "-m", "runner", "ui", "--no-browser"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=folder, env=environ, stdout=pipe, stderr=pipe, text=True)
    said: list[str] = []
    known = threading.Event()
    addresses: list[str] = []

    def listen(stream: Any) -> None:
        for line in stream:
            said.append(line)
            if found := re.search(r"workspace: (http\S+)", line):
                addresses.append(found[1])
                known.set()

    readers = [threading.Thread(target=listen, args=[stream]) for stream in (process.stdout, process.stderr)]
    for reader in readers:
        reader.start()
    try:
        assert known.wait(_STARTED), "".join(said)
        yield addresses[0], process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        for reader in readers:
            reader.join(30)


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium, or skip the test where there is none."""
    program = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--force-prefers-reduced-motion"]
        )
        try:
            yield opened
        finally:
            opened.close()


@dataclass
class Seen:
    """What pages did beside showing themselves."""

    errors: list[str] = field(default_factory=list)
    """Errors of scripts, refusals of the Content-Security-Policy, and dialogs."""
    outside: list[str] = field(default_factory=list)
    """Requests to other places than the server."""
    failed: list[str] = field(default_factory=list)
    """Addresses that were answered with an error."""


def watched(context: BrowserContext, origin: str) -> Seen:
    """Return what all pages of a context do from now on."""
    seen = Seen()

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            seen.errors.append(message.text)

    def asked(dialog: Dialog) -> None:
        seen.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def requested(request: Request) -> None:
        if not request.url.startswith((origin, "data:", "blob:")):
            seen.outside.append(request.url)

    def blocked(request: Request) -> None:
        """Forget a request that the page was not allowed to make: Chromium tells of it and does not send it."""
        if request.failure and "csp" in request.failure.lower() and request.url in seen.outside:
            seen.outside.remove(request.url)

    def answered(response: Response) -> None:
        if response.status >= 400:
            seen.failed.append(f"{response.status} {response.url}")

    def hear(page: Page) -> None:
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", said)
        page.on("dialog", asked)

    context.on("page", hear)
    context.on("request", requested)
    context.on("requestfailed", blocked)
    context.on("response", answered)
    return seen


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Return the serious findings of axe-core on a page, a line for each element."""
    page.evaluate(_axe())
    found = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations'], iframes: false})).violations"
    )
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"][:5]
    ]
