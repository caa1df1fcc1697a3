from __future__ import annotations

import pytest

from runner.config.serve import ServeConfig
from runner.server.hosts import is_known, known_hosts


@pytest.mark.parametrize("host", ["127.0.0.1:8270", "localhost", "LOCALHOST:8270", "[::1]:8270", "10.1.2.3"])
def test_addresses_and_the_names_of_this_machine_are_known(host: str) -> None:
    assert is_known(host, known_hosts(ServeConfig()))


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "user@localhost", "localhost:x", "a b"],
)
def test_other_names_are_unknown(host: str) -> None:
    assert not is_known(host, known_hosts(ServeConfig()))


def test_the_names_of_the_configuration_are_known_and_localhost_is_not_beyond_this_machine() -> None:
    settings = ServeConfig(host="0.0.0.0", url="https://runner.example.org/ml", hosts=("runner",))
    names = known_hosts(settings)
    assert is_known("runner.example.org", names)
    assert is_known("runner:80", names)
    assert not is_known("localhost", names)
