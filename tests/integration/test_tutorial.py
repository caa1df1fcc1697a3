"""The tutorial works as it is written, on this machine: its files are created and its commands are run in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-pipeline.md"
ELSEWHERE = ("scripts/setup", "runner cluster")
"""Commands that need a network, or Docker and kind."""


def blocks() -> Iterator[tuple[str, str]]:
    """The code blocks in order: the file to create, or an empty name for commands, and the text."""
    file = ""
    for name, language, text in re.findall(
        r"Create `([^`]+)`|^```(\w+)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE
    ):
        file = name or file
        if language and (file or language == "sh"):
            yield file, text
            file = ""


def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_CONFIG": str(tmp_path / "none.yaml"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    folder, printed = tmp_path, ""
    for file, text in blocks():
        if file:
            (folder / file).write_text(text)
        elif not text.startswith(ELSEWHERE):
            command = f"set -e\n{text}pwd"
            ended = subprocess.run(
                ["bash", "-c", command], cwd=folder, env=environ, capture_output=True, text=True, check=False
            )
            assert ended.returncode == 0, f"{text}{ended.stdout}{ended.stderr}"
            *lines, here = ended.stdout.splitlines()
            folder, printed = Path(here), printed + "\n".join(lines)
    for shown in (
        "report  mean  16",
        "the mean is 16.0",
        "report  reused",
        "input raw",
        "no report today",
        "exit code 1",
    ):
        assert shown in printed
