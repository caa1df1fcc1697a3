from __future__ import annotations

from pathlib import Path

import pytest

from runner.cluster.engine import Node
from runner.cluster.options import ClusterOptions
from runner.cluster.up import chosen_port, retry_for
from runner.errors import BadInput, TargetUnreachable

OPTIONS = ClusterOptions(configuration=Path("config.yaml"))


def test_an_existing_cluster_keeps_its_port() -> None:
    assert chosen_port(OPTIONS, Node(running=True, port=9005)) == 9005


@pytest.mark.parametrize("node", [None, Node(running=True, port=None)])
def test_a_cluster_of_someone_else_is_refused(node: Node | None) -> None:
    with pytest.raises(BadInput, match="runner did not make it"):
        chosen_port(OPTIONS, node)


def test_another_port_than_the_clusters_is_refused() -> None:
    options = ClusterOptions(configuration=Path("config.yaml"), port=9001)
    with pytest.raises(BadInput, match="at port 9000, not 9001"):
        chosen_port(options, Node(running=False, port=9000))


def test_patience_passes_only_what_may_pass() -> None:
    answers = iter([TargetUnreachable("later"), None])

    def ask() -> str:
        if error := next(answers):
            raise error
        return "done"

    assert retry_for(ask, passing=(TargetUnreachable,), seconds=5) == "done"


def test_patience_ends() -> None:
    def refuse() -> None:
        raise TargetUnreachable("never")

    with pytest.raises(TargetUnreachable, match="never"):
        retry_for(refuse, passing=(TargetUnreachable,), seconds=0)
