"""The server as browsers see it: sessions, cookies, forms."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import cast

import httpx

from runner.config.serve import ServeConfig
from runner.operations import tokens
from runner.ports import ObjectStore
from runner.server.app import application
from runner.server.authorization import Authorization
from runner.server.context import Context, Workspace, Workspaces
from runner.server.sessions import OneTime, Sessions
from runner.server.token_check import TokenCheck
from tests.support.fake_clock import FakeClock

URL = "http://127.0.0.1:8270"
ONCE = "one-time-token"


@dataclass
class Web:
    """A server with sessions over a store."""

    opened: Callable[[], object]
    store: ObjectStore
    settings: ServeConfig = field(default_factory=ServeConfig)
    clock: FakeClock = field(default_factory=FakeClock)
    audit: list[dict[str, object]] = field(default_factory=list)

    def context(self) -> Context:
        """Return the surroundings of one server process."""
        check = TokenCheck(tokens.Verifier(self.store, self.clock), self.clock)
        sessions = Sessions(self.store, check, self.settings, self.clock, OneTime(ONCE, "ann"))
        return Context(
            workspaces=Workspaces(cast("Callable[[], Workspace]", self.opened)),
            settings=self.settings,
            authenticate=Authorization(check, self.settings, sessions),
            clock=self.clock,
            audit=lambda record: self.audit.append(dict(record)),
            sessions=sessions,
        )

    def token(self, *scopes: str, name: str = "browser", seed: int = 1) -> str:
        made = tokens.create(
            self.store,
            name,
            scopes or ("read", "submit"),
            lifetime=None,
            now=self.clock.now(),
            entropy=bytes([seed]) * 40,
            user="ann",
        )
        return made.text

    def browser(self, context: Context | None = None) -> Browser:
        return Browser(context or self.context())


class Browser:
    """Keeps cookies, and sends what a browser of today sends."""

    def __init__(self, context: Context) -> None:
        self.app = application(context)
        self.cookies: dict[str, str] = {}

    def get(self, path: str, site: str = "none", **headers: str) -> httpx.Response:
        return self.send("GET", path, {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", **headers})

    def post(self, path: str, site: str = "same-origin", **fields: str) -> httpx.Response:
        return self.send("POST", path, {"Sec-Fetch-Site": site}, fields)

    def send(
        self, method: str, path: str, headers: dict[str, str], fields: dict[str, str] | None = None
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            known = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent = {**headers, **({"Cookie": known} if known else {})}
            async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
                return await client.request(method, path, headers=sent, data=fields)

        answer = asyncio.run(ask())
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        return answer

    def log_in(self, token: str, **fields: str) -> httpx.Response:
        return self.post("/login", token=token, **fields)


def field_of(page: str, name: str) -> str:
    """Return the value of a field of a form."""
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found, f"{name} is not in the page"
    return unescape(found[1])
