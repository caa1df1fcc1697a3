from __future__ import annotations

from pathlib import Path

import pytest

from runner.cluster.options import ClusterOptions
from runner.errors import BadInput


@pytest.mark.parametrize("name", ["", "Runner", "-a", "a-", "a b", "a/b", "x" * 43])
def test_names_that_kind_would_refuse_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot name a cluster"):
        ClusterOptions(configuration=Path("config.yaml"), name=name)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_ports_that_are_none_are_refused(port: int) -> None:
    with pytest.raises(BadInput, match="no port"):
        ClusterOptions(configuration=Path("config.yaml"), port=port)
