from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from runner.documents import files
from runner.errors import BadInput


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(tmp_path / "socket"))
    for path, what in (
        (tmp_path / "pipe", r"a pipe \(FIFO\)"),
        (tmp_path / "folder", "a folder"),
        (tmp_path / "loop", "symbolic links"),
        (tmp_path / "socket", "cannot be read"),
        (Path("/dev/zero"), "a device"),
        (tmp_path / "nul\0", "cannot be read"),
        (tmp_path / ("long" * 100), "name too long"),
    ):
        with pytest.raises(BadInput, match=f"(?i){what}") as refused:
            files.text(path)
        assert refused.value.problems[0].where == str(path)
        assert refused.value.problems[0].remedy
    bound.close()
