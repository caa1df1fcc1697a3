"""The server's application over a store of a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import httpx
from starlette.requests import HTTPConnection

from runner.config.serve import ServeConfig
from runner.ports import Clock
from runner.server import process
from runner.server.app import application
from runner.server.context import Caller, Context, Workspace, Workspaces
from runner.server.metrics import Metrics
from runner.server.problems import Refusal
from tests.support.fake_clock import FakeClock

URL = "http://127.0.0.1:8270"
CALLERS = {
    "all": Caller(id="t-all", name="all", user="ann", scopes=("read", "submit")),
    "reader": Caller(id="t-reader", name="reader", scopes=("read",)),
    "one": Caller(id="t-one", name="one", scopes=("submit:train",)),
}
"""The callers by their token."""


def authenticate(request: HTTPConnection) -> Caller:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token not in CALLERS:
        raise Refusal(401, "there is no valid token", "send one")
    return CALLERS[token]


def context_of(
    opened: Callable[[], object],
    settings: ServeConfig | None = None,
    audit: Callable[[Mapping[str, object]], None] = lambda _: None,
    clock: Clock | None = None,
) -> Context:
    return Context(
        workspaces=Workspaces(cast("Callable[[], Workspace]", opened)),
        settings=settings or ServeConfig(),
        authenticate=authenticate,
        clock=clock or FakeClock(),
        audit=audit,
    )


class Client:
    """Calls the application without a socket."""

    def __init__(self, context: Context, token: str) -> None:
        self._app = application(context)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url=URL, headers=self._headers) as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)


def client_of(context: Context, token: str = "all") -> Client:
    return Client(context, token)


@contextmanager
def live(context: Context) -> Iterator[str]:
    """Serve by a real socket, in a thread; yield the address."""
    with process.bound(replace(context.settings, port=0)) as listening:
        started = threading.Event()
        server = process.server_of(context, Metrics(), process.Encryption(), started.set)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
        thread.start()
        try:
            assert started.wait(30)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            context.stopping.set()
            server.should_exit = True
            thread.join(30)
