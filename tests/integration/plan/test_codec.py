"""Pipeline files: the reader takes what the writer makes and what people write, and names the line of each problem."""

from __future__ import annotations

from textwrap import dedent

import pytest

from runner.errors import BadInput
from runner.plan.codec import from_yaml
from runner.plan.pipeline_file import PipelineFile


def read(text: str, base: str = "") -> PipelineFile:
    return from_yaml(dedent(text), "p.yaml", base)


def test_aliases_of_aliases_end() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(BadInput, match="too long"):
        read(bomb)
