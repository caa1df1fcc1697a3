"""The progress and the error of source packages that are built, for venvs and images alike."""

from __future__ import annotations

import pytest

from runner.environments import resolver
from runner.environments.credentials import Opened
from runner.environments.lock import Lock
from runner.environments.resolver_failure import Asked
from runner.environments.source_packages import note
from runner.environments.uv_program import Outcome
from runner.errors import EnvironmentFailed
from runner.images.build_failure import explain
from runner.images.source_builds import source_builds

LOCK = Lock(spec="s", python="3.11", platform="x86_64-manylinux_2_28", notes=(note(["numpy==1.18.5"], "3.11"),))
TRACEBACK = ["  cause: The build backend returned an error", "         NameError: name 'CCompiler' is not defined."]


def opened(_: Lock) -> Opened:
    return Opened(lines=("--index-url https://mine/simple", "numpy==1.18.5 --hash=sha256:aa"))


def failure(lock: Lock | None, lines: list[str]) -> list[str]:
    """Return the lines of the error of an installation with that output."""
    with pytest.raises(EnvironmentFailed) as caught, source_builds(lock, opened, print):
        raise EnvironmentFailed(explain("it failed", lines))
    return str(caught.value).splitlines()


@pytest.mark.parametrize("start", ["error: ", "#9 12.30 error: "], ids=["venv", "image"])
def test_the_error_names_the_python_and_what_has_a_wheel(monkeypatch: pytest.MonkeyPatch, start: str) -> None:
    def compiled(asked: Asked, *extra: str) -> Outcome:
        assert asked.lines[0] == "--index-url https://mine/simple"
        if "lowest" in extra:
            return Outcome(0, "numpy==1.23.2 --hash=sha256:bb\n", ())
        return Outcome(0 if asked.python == "3.8" else 1, "", ())

    monkeypatch.setattr(resolver, "compiled", compiled)
    failed = f"{start}Failed to build `numpy==1.18.5`"
    head = "it failed: numpy==1.18.5 has no wheel for Python 3.11 on x86_64-manylinux_2_28"
    other = "ask for Python 3.8, for which numpy==1.18.5 has a wheel"
    later = "require numpy==1.23.2, which has a wheel for Python 3.11"
    assert failure(LOCK, [failed, *TRACEBACK]) == [
        f"{head}, and its source cannot be built here",
        f"  do:    {other}; or {later}",
        *(f"  | {line}" for line in (failed, *TRACEBACK)),
    ]


def test_the_general_remedy_is_kept_if_nothing_has_a_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "compiled", lambda *_: Outcome(1, "", ()))
    head, remedy, *_ = failure(LOCK, ["error: Failed to build `numpy==1.18.5`"])
    assert "Python 3.11" in head
    assert remedy.startswith("  do:    choose a version with a wheel")


@pytest.mark.parametrize("lock", [LOCK, None])
def test_other_errors_stay_as_they_are(lock: Lock | None) -> None:
    lines = ["No space left on device"]
    assert failure(lock, lines) == explain("it failed", lines).splitlines()


def test_the_start_of_a_build_is_reported_with_its_reason() -> None:
    heard: list[str] = []
    with source_builds(LOCK, opened, heard.append) as hear:
        for line in ("   Building numpy==1.18.5", "   Building own==1", "Downloading scipy (32.9MiB)"):
            hear(line)
    reason = "from source: it has no wheel for Python 3.11; this may take minutes and may fail"
    assert heard == [f"   Building numpy==1.18.5 {reason}", "   Building own==1", "Downloading scipy (32.9MiB)"]
