from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_command_that_fills_the_image_finds_what_it_imports(tmp_path: Path) -> None:
    text = (ROOT / "images" / "controller" / "Dockerfile").read_text(encoding="utf-8")
    (code,) = re.findall(r'python3 -c "([^"]*)"', text)
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("step-*.pyz"))
