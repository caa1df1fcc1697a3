from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from runner import __version__, controller
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.registry import to_entry
from runner.controller import EXIT_FINAL, EXIT_RETRY, drive, in_pod, until_reachable
from runner.datastores import BucketConfig
from runner.errors import StoreDenied, StoreError, StoreUnreachable
from runner.model import events as e
from runner.model.credentials import Credentials
from runner.model.status import RunStatus
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.operations.values import RunView
from runner.runs import head
from runner.wiring import OpenWorkspace
from runner.wiring.controller_spec import ControllerSpec, to_text
from tests.support import builders as b
from tests.support.canary import CANARY, tells
from tests.support.memory_store import MemoryStore
from tests.support.scripted_server import Reply, Seen, error, scripted_server


@dataclass
class Trouble:
    """Answers after as many errors as it is given."""

    errors: list[StoreError]
    asked: int = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "here"


def test_a_store_that_does_not_answer_is_asked_again() -> None:
    trouble = Trouble([StoreUnreachable("no answer"), StoreUnreachable("no answer")])
    assert until_reachable(trouble, (0.0, 0.0)) == "here"
    assert trouble.asked == 3


@pytest.mark.parametrize(("error", "asked"), [(StoreUnreachable, 3), (StoreDenied, 1)])
def test_not_for_ever_and_not_after_a_refusal(error: type[StoreError], asked: int) -> None:
    trouble = Trouble([error("no")] * 9)
    with pytest.raises(error):
        until_reachable(trouble, (0.0, 0.0))
    assert trouble.asked == asked


@dataclass
class RunContext:
    """As much of an open workspace as a run that has ended needs."""

    known: RunView
    store: MemoryStore = field(default_factory=MemoryStore)

    def view(self, _run: str) -> RunView:
        return self.known


def test_the_head_of_a_run_that_has_ended_is_corrected() -> None:
    plan = b.plan(b.step("a"))
    over = b.state(plan, b.started("a"), b.succeeded("a"), e.RunEnded(RunStatus.SUCCEEDED))
    desk = RunContext(RunView(over, plan))
    head.write(desk.store, b.state(plan), b.at(1))
    assert drive(cast("OpenWorkspace", desk), b.RUN) is over
    shown = head.read(desk.store, b.RUN)
    assert shown is not None
    assert shown.status is RunStatus.SUCCEEDED


def test_on_sigterm_a_pod_goes_at_once_and_has_not_ended_well() -> None:
    """PID 1 would ignore it, and an exit code of 0 would end the Job."""
    code = (
        "import signal, os, time; from runner import controller; "
        "signal.signal(signal.SIGTERM, controller._leave_at_once); os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False, timeout=60)
    assert done.returncode == 128 + signal.SIGTERM
    assert b"stopped by SIGTERM" in done.stderr


@pytest.fixture
def _keeps_its_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.mark.usefixtures("_keeps_its_signals")
def test_a_pod_that_was_told_nothing_stops_for_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert in_pod(tmp_path / "absent.json") == EXIT_FINAL
    assert "the handover cannot be read" in capsys.readouterr().err


@pytest.mark.usefixtures("_keeps_its_signals")
@pytest.mark.parametrize(("error", "code"), [(StoreUnreachable, EXIT_RETRY), (StoreDenied, EXIT_FINAL)])
def test_what_passes_by_itself_is_left_to_another_pod(
    error: type[StoreError], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_seat: object) -> int:
        raise error("no luck")

    monkeypatch.setattr(controller, "_drive_in_pod", fail)
    monkeypatch.setattr("runner.wiring.controller_pod.take", lambda _path: None)
    assert in_pod(Path("file")) == code
    assert "the controller stops: no luck" in capsys.readouterr().err


@pytest.mark.usefixtures("_keeps_its_signals")
def test_the_log_of_a_pod_that_its_store_turns_away_holds_no_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store itself repeats what it was sent, as S3 does."""
    handed = tmp_path / "handover.json"

    def refuse(seen: Seen) -> Reply:
        return error(403, "InvalidAccessKeyId", f"{seen.headers['authorization']} {CANARY}")

    with scripted_server(refuse) as server:
        vantage = BucketEndpoint(
            bucket="b", endpoint=server.endpoint, credentials=Credentials(f"{CANARY}-1", f"{CANARY}-2")
        )
        settings = KubernetesConfig(store=BucketConfig(bucket="b", endpoint=server.endpoint))
        stores = StepStores(vantage, {}, {"db": f"{CANARY}-3"})
        handed.write_text(
            to_text(
                ControllerSpec(
                    run=b.RUN,
                    job="job",
                    store_id="store-1",
                    target="kind",
                    settings=to_entry(settings),
                    stores=stores,
                    version=__version__,
                )
            )
        )
        assert in_pod(handed) == EXIT_FINAL
    said = "".join(capsys.readouterr())
    assert "InvalidAccessKeyId" in said
    assert not tells(said)
