from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.override import override
from runner.wiring.controllers import Controllers, log_of


@dataclass
class Scripted(Controllers):
    """Starts shell scripts in place of controllers."""

    scripts: Iterator[str] = field(default_factory=lambda: iter(()))

    @override
    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["/bin/sh", "-c", next(self.scripts)], stdin=subprocess.PIPE)


@pytest.mark.parametrize("dying", ["exit 1", "exec <&-; sleep 9"], ids=["dead", "deaf"])
def test_a_prepared_controller_that_has_died_is_replaced(dying: str, tmp_path: Path) -> None:
    controllers = Scripted(tmp_path, "", scripts=iter([dying, f"cat > {tmp_path}/told"]))
    controllers.prepare()
    time.sleep(0.2)  # the first is what it will be
    controllers.start("a-run")
    process = controllers.process_of("a-run")
    assert process is not None
    assert process.wait(5) == 0
    assert (tmp_path / "told").read_text() == "a-run\n"


def test_one_that_dies_at_once_is_no_error_here(tmp_path: Path) -> None:
    controllers = Scripted(tmp_path, "", scripts=iter(["exec <&-; sleep 0.1; exit 3"]))
    controllers.start("a-run")
    process = controllers.process_of("a-run")
    assert process is not None
    assert process.wait(5) == 3


def test_the_log_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert log_of("a-run") is None
    log = tmp_path / "runner" / "controllers" / "a-run.log"
    log.parent.mkdir(parents=True)
    log.touch()
    assert log_of("a-run") == log
