from __future__ import annotations

from pathlib import Path

import pytest

from runner.sdk import CondaDependencies
from runner.sdk.base.exceptions import UserErrorException


def test_a_conda_file_cannot_grow_without_end(tmp_path: Path) -> None:
    bomb = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
    (tmp_path / "conda.yml").write_text("\n".join((*bomb, "dependencies: *a11")))
    with pytest.raises(UserErrorException, match="its aliases make it too long"):
        CondaDependencies(str(tmp_path / "conda.yml"))
