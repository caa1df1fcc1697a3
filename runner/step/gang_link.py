"""The connections of a gang on a cluster: the first worker leads, each other one has an agent that waits for it.

Over its connection the first worker says when all are there, and how the gang ended. An agent tells the end of its own
ranks, and executes what the first worker's mpirun asks for (`launch_agent`). The end of a connection is the loss of a
worker.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..dataclass import dataclass, field
from .gang_channel import GREETING, LAUNCH, LEAD, Channel, Refused
from .gang_work import Events, Gone, Met, Told

MEETING = 1800.0
"""Seconds for which the first worker waits for the others; their images may be large, and their inputs too."""
_REFUSALS = 180.0
"""Seconds for which an agent may refuse: one that has no time to answer within `GREETING` seems to."""
_PAUSE = 1.0
_PENALTY = 1.0
"""Seconds before a refused connection is closed, so that guessing takes long."""


@dataclass(frozen=True)
class Address:
    """The place of an agent."""

    host: str
    port: int


@dataclass(kw_only=True)
class Leader:
    """The first worker's side."""

    agents: Mapping[int, Address]
    """The other workers' agents by index."""
    secret: bytes
    """The token of the attempt."""
    events: Events[Any]
    patience: float = MEETING
    sessions: dict[int, bytes] = field(default_factory=dict)
    """The secret of the connection to each worker."""
    _channels: dict[int, Channel] = field(default_factory=dict)
    _closed: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Connect to all; a `Met` or a `Gone` follows for each."""
        for worker, address in self.agents.items():
            threading.Thread(target=self._meet, args=(worker, address), daemon=True).start()

    def tell_all(self, document: Mapping[str, object]) -> None:
        """Send a document to all that are connected."""
        for channel in tuple(self._channels.values()):
            with suppress(OSError):
                channel.send(document)

    def close(self) -> None:
        """End all connections."""
        self._closed.set()
        for channel in tuple(self._channels.values()):
            channel.close()

    def _meet(self, worker: int, address: Address) -> None:
        begun = time.monotonic()
        refused_since = 0.0
        while not self._closed.wait(_PAUSE if refused_since or time.monotonic() - begun > _PAUSE else 0.1):
            now = time.monotonic()
            if now - begun > self.patience:
                self.events.put(Gone(worker, f"it did not start within {self.patience:.0f} s"))
                return
            if refused_since and now - refused_since > _REFUSALS:
                self.events.put(Gone(worker, "it does not know the secret of this attempt"))
                return
            try:
                channel = Channel(socket.create_connection((address.host, address.port), GREETING))
            except OSError:
                continue  # its pod has not started, or its name is not known yet
            try:
                self.sessions[worker] = channel.ask(LEAD, self.secret)
            except Refused:
                channel.close()
                refused_since = refused_since or now
                continue
            self._channels[worker] = channel
            self.events.put(Met(worker))
            _listen(channel, worker, self.events)
            return


@dataclass(kw_only=True)
class Agent:
    """The side of a worker that is led by the first one."""

    secret: bytes
    """The token of the attempt."""
    events: Events[Any]
    address: Address
    """The port to listen at; the host is empty for all addresses of this machine."""
    _channel: Channel | None = None
    _session: bytes = b""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: socket.socket | None = None
    _launched: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> int:
        """Listen. Returns the port. Raises OSError if the port is taken."""
        self._server = _server(self.address)
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()
        port: int = self._server.getsockname()[1]
        return port

    def tell(self, document: Mapping[str, object]) -> None:
        """Send a document to the first worker."""
        if self._channel is not None:
            with suppress(OSError):
                self._channel.send(document)

    def close(self) -> None:
        """End the connection and all that was launched, and listen no more."""
        if self._server is not None:
            with suppress(OSError):  # without it, the thread that waits would accept one connection more
                self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
        for process in tuple(self._launched):
            _kill(process)
        if self._channel is not None:
            self._channel.close()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                sock, _ = server.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        channel = Channel(sock)
        accepted = {LEAD: [self.secret], LAUNCH: [self._session] if self._session else []}
        try:
            purpose, session = channel.answer(accepted)
        except Refused:
            time.sleep(_PENALTY)
            channel.close()
            return
        if purpose == LAUNCH:
            self._launch(channel)
        elif self._take(channel, session):
            _listen(channel, 0, self.events)
        else:
            channel.close()

    def _take(self, channel: Channel, session: bytes) -> bool:
        """Return True if this is the first connection of the first worker."""
        with self._lock:
            if self._channel is not None:
                return False
            self._channel, self._session = channel, session
        return True

    def _launch(self, channel: Channel) -> None:
        """Execute a command, send its output and its exit code, and end it if the connection ends."""
        document = channel.receive() or {}
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", str(document["command"])],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, KeyError) as error:
            with suppress(OSError):
                channel.send({"output": f"runner: the command cannot be started: {error}\n", "exit": 127})
            channel.close()
            return
        self._launched.append(process)
        threading.Thread(target=_end_with, args=(channel, process), daemon=True).start()
        with suppress(OSError):
            while process.stdout is not None and (data := os.read(process.stdout.fileno(), 1 << 16)):
                channel.send({"output": data.decode("latin-1")})
            channel.send({"exit": process.wait()})
        _kill(process)
        channel.close()


def write_launches(path: Path, leader: Leader, names: Mapping[int, str]) -> None:
    """Write the file from which `launch_agent` knows the other workers; only this user can read it.

    Args:
        path: The file.
        leader: The first worker's side, connected to all.
        names: The name of each worker as mpirun has it, also of the first one, whose entry is empty.

    """
    agents: dict[str, dict[str, object]] = {
        names[worker]: {"host": address.host, "port": address.port, "secret": leader.sessions[worker].hex()}
        for worker, address in leader.agents.items()
    }
    agents.update({name: {} for worker, name in names.items() if worker not in leader.agents})
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(agents, file)


def _listen(channel: Channel, worker: int, events: Events[Any]) -> None:
    """Turn what comes over a connection into events, until it ends."""
    while (document := channel.receive()) is not None:
        events.put(Told(worker, document))
    events.put(Gone(worker, "the connection to it has ended"))


def _end_with(channel: Channel, process: subprocess.Popen[bytes]) -> None:
    while channel.receive() is not None:
        pass
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _server(address: Address) -> socket.socket:
    if not address.host and socket.has_dualstack_ipv6():
        with suppress(OSError):
            return socket.create_server(("", address.port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server((address.host, address.port))
