"""The connections between the workers of a gang, over sockets of this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from runner.step import gang_link, launch_agent
from runner.step.gang_channel import LAUNCH, LEAD, Channel, Refused
from runner.step.gang_link import Address, Agent, Leader, write_launches
from runner.step.gang_work import Event, Gone, Met, Told

SECRET = b"the token of the attempt"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gang_link, "_PENALTY", 0.0)
    monkeypatch.setattr(gang_link, "_PAUSE", 0.05)


class Pair:
    """A leader and one agent."""

    def __init__(self, leading: bytes = SECRET, led: bytes = SECRET, patience: float = 20.0) -> None:
        self.led: SimpleQueue[Event] = SimpleQueue()
        self.leading: SimpleQueue[Event] = SimpleQueue()
        self.agent = Agent(secret=led, events=self.led, address=Address("127.0.0.1", 0))
        self.port = self.agent.start()
        self.leader = Leader(
            agents={1: Address("127.0.0.1", self.port)},
            secret=leading,
            events=self.leading,
            patience=patience,
        )

    def met(self) -> Pair:
        self.leader.start()
        assert self.leading.get(timeout=20) == Met(1)
        return self

    def close(self) -> None:
        self.leader.close()
        self.agent.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


def test_messages_go_both_ways_and_the_end_shows(pair: Pair) -> None:
    pair.met().leader.tell_all({"start": True})
    assert pair.led.get(timeout=20) == Told(0, {"start": True})
    pair.agent.tell({"done": True})
    assert pair.leading.get(timeout=20) == Told(1, {"done": True})
    pair.leader.close()
    assert pair.led.get(timeout=20) == Gone(0, "the connection to it has ended")


def test_a_wrong_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gang_link, "_REFUSALS", 0.3)
    pair = Pair(leading=b"another attempt's token")
    pair.leader.start()
    assert pair.leading.get(timeout=20) == Gone(1, "it does not know the secret of this attempt")
    assert pair.led.empty()
    pair.close()


def test_a_worker_that_does_not_start_is_given_up() -> None:
    pair = Pair(patience=0.3)
    pair.agent.close()
    pair.leader.start()
    gone = pair.leading.get(timeout=20)
    assert isinstance(gone, Gone)
    assert "did not start within 0 s" in gone.reason
    pair.close()


def test_nobody_else_can_lead_or_launch(pair: Pair) -> None:
    """A second leader is closed; before and without the leader's session nothing is launched."""

    def asking(purpose: str, secret: bytes) -> Channel:
        channel = Channel(socket.create_connection(("127.0.0.1", pair.port), 10))
        channel.ask(purpose, secret)
        return channel

    with pytest.raises(Refused):
        asking(LAUNCH, SECRET)
    pair.met()
    with pytest.raises(Refused):
        asking(LAUNCH, SECRET)
    with pytest.raises(Refused):
        asking("else", SECRET)
    assert asking(LEAD, SECRET).receive() is None
    assert pair.led.empty()


def test_noise_does_not_disturb_an_agent(pair: Pair) -> None:
    for noise in (b"", b"GET / HTTP/1.1\r\n\r\n", b"[1]\n", b"x" * 10_000):
        with socket.create_connection(("127.0.0.1", pair.port), 10) as sock:
            sock.sendall(noise)
    pair.met()


def test_the_secret_is_not_sent(pair: Pair) -> None:
    """What passes in a handshake, seen from between the two."""
    seen = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as between:
        pair.leader.agents = {1: Address("127.0.0.1", between.getsockname()[1])}
        pair.leader.start()
        one, _ = between.accept()
        other = socket.create_connection(("127.0.0.1", pair.port), 10)
        for source, sink in ((one, other), (other, one)):
            threading.Thread(target=_pass_on, args=(source, sink, seen), daemon=True).start()
        assert pair.leading.get(timeout=20) == Met(1)
    assert seen
    assert SECRET not in seen
    assert pair.leader.sessions[1].hex().encode() not in seen


def _pass_on(source: socket.socket, sink: socket.socket, seen: bytearray) -> None:
    while data := source.recv(4096):
        seen += data
        sink.sendall(data)


def launched(pair: Pair, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "launches.json"
    write_launches(path, pair.leader, {1: "w1.svc"})
    assert path.stat().st_mode & 0o777 == 0o600
    return subprocess.run(
        [sys.executable, "-m", launch_agent.__name__, *arguments],
        env={**os.environ, launch_agent.LAUNCHES: str(path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["w1.svc", "w1"])
def test_a_command_is_executed_by_the_agent(pair: Pair, tmp_path: Path, name: str) -> None:
    ended = launched(pair.met(), tmp_path, "-x", name, " X=é; echo", "$X", '"a  b";', "exit 7")
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "é a  b\n", "")


def test_an_unknown_node_is_an_error(pair: Pair, tmp_path: Path) -> None:
    ended = launched(pair.met(), tmp_path, "w2.svc", "true")
    assert (ended.returncode, ended.stderr) == (255, "runner: there is no worker w2.svc\n")
    assert launched(pair, tmp_path, "localhost", "exit 4").returncode == 4


def test_an_agent_without_the_right_secret_launches_nothing(pair: Pair, tmp_path: Path) -> None:
    pair.met().leader.sessions[1] = b"guessed"
    ended = launched(pair, tmp_path, "w1", f"touch {tmp_path}/made")
    assert ended.returncode == 255
    assert "nothing can be started on w1" in ended.stderr
    assert not (tmp_path / "made").exists()


def test_what_was_launched_ends_with_the_agent(pair: Pair, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    path = tmp_path / "launches.json"
    write_launches(path, pair.met().leader, {1: "w1"})
    process = subprocess.Popen(
        [sys.executable, "-m", launch_agent.__name__, "w1", f"echo $$ > {pid}.part; mv {pid}.part {pid}; sleep 300"],
        env={**os.environ, launch_agent.LAUNCHES: str(path)},
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 30
    while not pid.exists() and time.monotonic() < until:
        time.sleep(0.05)
    shell = int(pid.read_text())
    pair.agent.close()
    assert process.wait(30) == 128 + 9
    with pytest.raises(ProcessLookupError):
        os.kill(shell, 0)
    assert json.loads(path.read_text())["w1"]["host"] == "127.0.0.1"
