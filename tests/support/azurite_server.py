"""Azurite, Microsoft's emulator of Azure Storage: installed from npm into the cache, once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.storage.azure_blob.address import Container

VERSION = "3.37.0"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account and the key of every Azurite, as its manual says."""


def _program() -> Path:
    folder = Path.home() / ".cache" / "runner-test" / f"azurite-{VERSION}"
    program = folder / "node_modules" / ".bin" / "azurite-blob"
    if not program.exists():
        if shutil.which("npm") is None:
            pytest.skip("the program 'npm' is not on the PATH")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--silent", "--no-fund", "--prefix", str(folder), f"azurite@{VERSION}"],
            check=True,
            timeout=300,
        )
    return program


@contextmanager
def azurite(container: str) -> Iterator[Container]:
    """A container's address on a new server. The container does not exist yet."""
    command = [str(_program()), "--inMemoryPersistence", "--blobPort", "0", "--blobHost", "127.0.0.1"]
    command += ["--skipApiVersionCheck", "--disableTelemetry"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "NO_COLOR": "1"}, text=True)
    try:
        assert server.stdout is not None
        port = next(
            found[1]
            for line in server.stdout
            if (found := re.search(r"successfully listens on http://.*?:(\d+)", line))
        )
        endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
        yield Container(account=ACCOUNT, container=container, endpoint=endpoint, account_key=KEY)
    finally:
        server.kill()
        server.communicate()
