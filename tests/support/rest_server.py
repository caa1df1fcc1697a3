"""A real `runner serve` over a project's folder."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.projects import Project

_STARTED = 60.0
"""Seconds after which a server must answer, also on a busy machine."""


@dataclass
class RestServer:
    """A running server."""

    url: str
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    """The lines of its standard error."""
    audit: list[str] = field(default_factory=list)
    """The lines of its standard output."""

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.rpartition("//")[2].rpartition(":")
        return host, int(port)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def served(project: Project, *options: str) -> Iterator[RestServer]:
    """Start a server, and end it by SIGTERM: it must end well."""
    process = project.start("serve", *options)
    assert process.stdout is not None
    assert process.stderr is not None
    server = RestServer("", process)
    started = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            server.said.append(line)
            if found := re.search(r"runner serves (\S+)", line):
                server.url = found[1]
                started.set()
        started.set()

    readers = [threading.Thread(target=listen), threading.Thread(target=server.audit.extend, args=[process.stdout])]
    for reader in readers:
        reader.start()
    try:
        assert started.wait(_STARTED), "the server did not start"
        assert server.url, "".join(server.said)
        yield server
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, "".join(server.said)
    finally:
        process.kill()
        for reader in readers:
            reader.join(10)


def token_of(project: Project) -> str:
    """Return the token that the first server of the project made for this machine."""
    (file,) = (project.cache / "config" / "runner" / "tokens").glob("*.token")
    return file.read_text(encoding="utf-8").strip()
