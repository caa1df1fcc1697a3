from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.documents import files
from runner.errors import BadInput


def test_a_text_and_who_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes("\ufeffé".encode())
    path.chmod(0o640)
    assert files.text(path) == "é"
    assert files.content(path) == files.Found("\ufeffé".encode(), 0o640, os.geteuid())
    with pytest.raises(BadInput, match="mode 0640"):
        files.private_text(path)
    path.chmod(0o400)
    assert files.private_text(path) == "é"


@pytest.mark.parametrize(
    ("mode", "owner", "reader", "exposed"),
    [
        (0o440, 0, 10001, False),  # a file of a Secret in a pod
        (0o440, 0, 0, True),
        (0o440, 10001, 10001, True),
        (0o444, 0, 10001, True),
        (0o460, 0, 10001, True),
        (0o600, 10001, 10001, False),
    ],
)
def test_a_mounted_secret_is_private(
    monkeypatch: pytest.MonkeyPatch, mode: int, owner: int, reader: int, *, exposed: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: reader)
    assert files.Found(b"", mode, owner).exposed is exposed


@pytest.mark.parametrize("path", ["absent", "a/below-a-file", "absent/deeper"])
def test_an_absent_file_is_none(tmp_path: Path, path: str) -> None:
    (tmp_path / "a").touch()
    assert files.text(tmp_path / path) is None
    assert files.private_text(tmp_path / path) is None


def test_a_huge_file_is_refused_before_it_is_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole: it takes no room on the disk
    with pytest.raises(BadInput, match="larger than 4 MiB"):
        files.content(path)


def test_bytes_that_are_no_text_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"canary\xff")
    with pytest.raises(BadInput, match=r"not UTF-8 text.* at byte 6") as refused:
        files.text(tmp_path / "a")
    assert "canary" not in str(refused.value)


def test_the_null_device_names_no_file() -> None:
    """``RUNNER_CONFIG=/dev/null`` is how people leave the machine-wide file out."""
    assert files.content(Path("/dev/null")) is None
