"""The program of a gang, with real processes: all ranks on this machine, and two workers beside each other."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.data.program_end import ProgramEnd, program_end
from runner.model.context import STEP_VARIABLE
from runner.step import ranks
from tests.support.needs import cannot_run

SCRIPT = """
import os, signal, sys, time
rank, what = int(os.environ["RANK"]), sys.argv[1]
print("I am", rank, "of", os.environ["WORLD_SIZE"], flush=True)
if what == "fail" and rank == 2:
    print("no more", flush=True)
    sys.exit(3)
if what == "raise" and rank == 1:
    raise ValueError("bad news")
if what == "die" and rank == 1:
    os.kill(os.getpid(), signal.SIGKILL)
if what == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if rank == 0:
        time.sleep(1)
        sys.exit(5)
if what != "end":
    open(f"started-{rank}", "w").write(str(os.getpid()))
    time.sleep(300)
"""
ALLREDUCE = """
import os, socket, time
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
master = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if rank == 0:
    with socket.create_server(master) as server:
        peers = [server.accept()[0] for _ in range(size - 1)]
        total = 1 + sum(int(peer.makefile().readline()) for peer in peers)
        for peer in peers:
            peer.sendall(b"%d\\n" % total)
else:
    for _ in range(300):
        try:
            sock = socket.create_connection(master)
            break
        except OSError:
            time.sleep(0.1)
    sock.sendall(b"%d\\n" % 10 ** rank)
    total = int(sock.makefile().readline())
print("sum", total)
"""
TOKEN = "5" * 64


class Folder:
    """The working directory and the step folder of a worker."""

    def __init__(self, root: Path, token: str = "") -> None:
        self.code, self.step, self.token = root / "code", root / "step", root / "token"
        for folder in (self.code, self.step):
            folder.mkdir(parents=True)
        (self.code / "script.py").write_text(SCRIPT)
        (self.code / "allreduce.py").write_text(ALLREDUCE)
        if token:
            self.token.write_text(token)

    @contextmanager
    def process(
        self, kind: str, *command: str, servers: int = 0, given: Mapping[str, str] | None = None, path: str = "/usr/bin"
    ) -> Iterator[subprocess.Popen[str]]:
        variables = {
            "RUNNER_WORKERS": "2",
            "RUNNER_PROCESSES": "2",
            STEP_VARIABLE: str(self.step),
            "PYTHONPATH": str(Path(ranks.__file__).parents[2]),
            "PYTHONUNBUFFERED": "1",
            "PATH": path,
            **(given or {}),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", ranks.__name__, json.dumps({"kind": kind}), str(servers), *command],
            cwd=self.code,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)

    def run(self, kind: str, *command: str, servers: int = 0, path: str = "/usr/bin") -> tuple[int, str]:
        with self.process(kind, *command, servers=servers, path=path) as process:
            out, _ = process.communicate(timeout=60)
            return process.returncode, out

    def wait_for_ranks(self, *numbers: int) -> list[int]:
        until = time.monotonic() + 30
        paths = [self.code / f"started-{number}" for number in numbers]
        while not all(path.exists() and path.read_text() for path in paths):
            assert time.monotonic() < until, "a rank did not start"
            time.sleep(0.05)
        return [int(path.read_text()) for path in paths]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_ranks_of_all_nodes_add_up(folder: Folder) -> None:
    code, out = folder.run("pytorch", sys.executable, "allreduce.py")
    assert code == 0, out
    assert sorted(out.splitlines()) == ["[rank 1] sum 1111", "[rank 2] sum 1111", "[rank 3] sum 1111", "sum 1111"]
    logs = {path.name: path.read_text() for path in (folder.code / "logs").iterdir()}
    assert logs == {f"std_log_process_0{number}.txt": "sum 1111\n" for number in range(4)}
    assert program_end(folder.step) is None


def test_a_rank_that_fails_ends_the_others_and_has_the_last_words(folder: Folder) -> None:
    code, out = folder.run("pytorch", sys.executable, "script.py", "fail")
    assert code == 3, out
    assert out.splitlines()[-3:] == [
        "runner: rank 2 of 4 ended with exit code 3; its last lines:",
        "I am 2 of 4",
        "no more",
    ]
    reason = "rank 2 of 4 ended with exit code 3"
    assert program_end(folder.step) == ProgramEnd(reason, lines=("I am 2 of 4", "no more"))


@pytest.mark.parametrize(
    ("what", "code", "reason"),
    [
        ("raise", 1, "rank 1 of 4 ended with exit code 1: ValueError: bad news"),
        ("die", 137, "rank 1 of 4 was killed by signal 9 (SIGKILL, exit code 137)"),
    ],
)
def test_the_reason_tells_how_a_rank_ended(folder: Folder, what: str, code: int, reason: str) -> None:
    found, out = folder.run("pytorch", sys.executable, "script.py", what)
    end = program_end(folder.step)
    assert found == code, out
    assert end is not None
    assert end.reason.startswith(reason)


def test_a_rank_that_ignores_sigterm_is_killed(folder: Folder) -> None:
    with folder.process("pytorch", sys.executable, "script.py", "deaf") as process:
        deaf = folder.wait_for_ranks(1, 2, 3)
        assert process.wait(60) == 5
    for pid in deaf:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_sigterm_ends_all_ranks(folder: Folder) -> None:
    with folder.process("pytorch", sys.executable, "script.py", "wait") as process:
        pids = folder.wait_for_ranks(0, 1, 2, 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert program_end(folder.step) is None


def test_a_command_that_cannot_be_started(folder: Folder) -> None:
    code, out = folder.run("pytorch", "./no-such-program")
    assert code == 127
    assert "the command cannot be started: [Errno 2] No such file or directory: './no-such-program'" in out


def test_parameter_servers_end_with_the_workers(folder: Folder) -> None:
    serve = "import json, os, time\nif json.loads(os.environ['TF_CONFIG'])['task']['type'] == 'ps': time.sleep(300)"
    code, out = folder.run("tensorflow", sys.executable, "-c", serve, servers=2)
    assert code == 0, out
    assert {path.name for path in (folder.code / "logs").glob("*server*")} == {
        "std_log_server_00.txt",
        "std_log_server_01.txt",
    }


def test_a_parameter_server_that_ends_is_a_failure(folder: Folder) -> None:
    end = "import json, os, time\nif json.loads(os.environ['TF_CONFIG'])['task']['type'] != 'ps': time.sleep(300)"
    code, out = folder.run("tensorflow", sys.executable, "-c", end, servers=1)
    assert (code, out.splitlines()[-1]) == (
        1,
        "runner: parameter server 0 ended before the ranks that need it",
    )


def hosts() -> dict[str, str]:
    """Two workers on this machine: free ports for their agents."""
    socks = [socket.create_server(("", 0)) for _ in range(2)]
    ports = [sock.getsockname()[1] for sock in socks]
    for sock in socks:
        sock.close()
    return {"RUNNER_HOSTS": ",".join(f"127.0.0.1:{port}" for port in ports)}


@contextmanager
def workers(tmp_path: Path, *command: str, other: str = TOKEN) -> Iterator[tuple[subprocess.Popen[str], ...]]:
    folders, where = (Folder(tmp_path / "0", TOKEN), Folder(tmp_path / "1", other)), hosts()
    given = [
        {**where, "RUNNER_WORKER": str(index), "RUNNER_GANG_TOKEN_FILE": str(folder.token)}
        for index, folder in enumerate(folders)
    ]
    with folders[0].process("pytorch", *command, given=given[0]) as one:
        time.sleep(0.3)  # the first one waits
        with folders[1].process("pytorch", *command, given=given[1]) as two:
            yield one, two


def test_two_workers_run_two_ranks_each(tmp_path: Path) -> None:
    with workers(tmp_path, sys.executable, "script.py", "end") as (one, other):
        outs = [process.communicate(timeout=60)[0] for process in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0), outs
    assert sorted(outs[0].splitlines()) == ["I am 0 of 4", "[rank 1] I am 1 of 4"]
    assert sorted(outs[1].splitlines()) == ["[rank 2] I am 2 of 4", "[rank 3] I am 3 of 4"]


def test_all_workers_end_with_the_words_of_the_rank_that_failed(tmp_path: Path) -> None:
    with workers(tmp_path, sys.executable, "script.py", "fail") as (one, other):
        ended = other.communicate(timeout=60)[0]
        told = one.communicate(timeout=60)[0]
        assert (one.returncode, other.returncode) == (3, 3), (told, ended)
    for out in (told, ended):
        assert out.splitlines()[-1] == "no more"
        assert "runner: rank 2 of 4 ended with exit code 3; its last lines:" in out
    assert program_end(tmp_path / "0" / "step") == ProgramEnd(
        "rank 2 of 4 ended with exit code 3", lines=("I am 2 of 4", "no more")
    )


def test_the_loss_of_a_worker_is_no_fault_of_the_script(tmp_path: Path) -> None:
    with workers(tmp_path, sys.executable, "script.py", "wait") as (one, other):
        Folder.wait_for_ranks(_seen(tmp_path / "1"), 2, 3)
        other.kill()
        out, _ = one.communicate(timeout=60)
        assert one.returncode == 1, out
    end = program_end(tmp_path / "0" / "step")
    assert end == ProgramEnd("worker 1 of 2 was lost: the connection to it has ended", lost=True)
    for number in (2, 3):  # what a killed program leaves, the bootstrap ends
        os.kill(int((tmp_path / "1" / "code" / f"started-{number}").read_text()), signal.SIGKILL)


def test_workers_of_two_attempts_do_not_meet(tmp_path: Path) -> None:
    with workers(tmp_path, sys.executable, "script.py", "end", other="0" * 64) as (one, other):
        time.sleep(2)
        assert (one.poll(), other.poll()) == (None, None)
    assert not list(tmp_path.glob("*/code/logs/*"))


@pytest.mark.parametrize("given", [{}, {"RUNNER_GANG_TOKEN_FILE": "short"}, {"RUNNER_GANG_TOKEN_FILE": "missing"}])
def test_a_worker_without_a_token_does_not_listen(folder: Folder, given: Mapping[str, str]) -> None:
    (folder.code / "short").write_text("x")
    variables = {**hosts(), "RUNNER_WORKER": "1", **given}
    with folder.process("pytorch", sys.executable, "script.py", "end", given=variables) as process:
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    (line,) = out.splitlines()
    assert "token of" in line


def _seen(root: Path) -> Folder:
    seen = object.__new__(Folder)
    seen.code, seen.step = root / "code", root / "step"
    return seen


def mpirun() -> str:
    found = shutil.which("mpirun")
    if found is None:
        cannot_run("there is no mpirun on this machine")
    return f"{Path(found).parent}:/usr/bin:/bin"


@pytest.mark.parametrize(("what", "code"), [("end", 0), ("fail", 3)])
def test_mpirun_starts_the_ranks(folder: Folder, what: str, code: int) -> None:
    found, out = folder.run("mpi", sys.executable, "script.py", what, path=mpirun())
    assert found == code, out
    lines = {"I am 0 of 4", "[rank 1] I am 1 of 4", "[rank 2] I am 2 of 4", "[rank 3] I am 3 of 4"}
    assert lines <= set(out.splitlines())
    assert len(list((folder.code / "logs").iterdir())) == 4
    if code:
        assert out.splitlines()[-3:] == [
            "runner: rank 2 of 4 ended with exit code 3; its last lines:",
            "I am 2 of 4",
            "no more",
        ]


def test_sigterm_ends_what_mpirun_has_started(folder: Folder) -> None:
    with folder.process("mpi", sys.executable, "script.py", "wait", path=mpirun()) as process:
        pids = folder.wait_for_ranks(0, 1, 2, 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_without_mpirun_the_ranks_have_their_variables(folder: Folder) -> None:
    code, out = folder.run("mpi", sys.executable, "script.py", "end", path="/nowhere")
    assert code == 0
    assert out.startswith("runner: there is no mpirun on the PATH")
    assert "[rank 3] I am 3 of 4" in out
