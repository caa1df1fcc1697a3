from __future__ import annotations

import pytest

from runner.cluster.engine import Node, node_of


@pytest.mark.parametrize(
    ("bindings", "port"),
    [
        ({"30900/tcp": [{"HostIp": "127.0.0.1", "HostPort": "9000"}], "6443/tcp": [{"HostPort": "1"}]}, 9000),
        ({"6443/tcp": [{"HostPort": "1"}]}, None),
        ({"30900/tcp": [{"HostPort": ""}]}, None),
        (None, None),
    ],
)
def test_the_nodes_port_is_read_from_its_container(bindings: object, port: int | None) -> None:
    inspected = {"State": {"Running": False}, "HostConfig": {"PortBindings": bindings}}
    assert node_of(inspected) == Node(running=False, port=port)
