from __future__ import annotations

import json
from datetime import datetime, timezone

from runner.images.image_inventory import ENGINE, HeldImage, described, merged, own_names, time_of
from runner.images.image_reference import full_name, short_name

AT = datetime(2026, 11, 28, 23, 22, 39, tzinfo=timezone.utc)
HERE = HeldImage(
    id="sha256:1",
    names=frozenset({"runner-env:abc", "localhost:5000/team/runner-env:abc"}),
    place=ENGINE,
    labels={"runner.environment": "spec", "runner.lock": "lock", "runner.base": "base:1@sha256:ff"},
    size=10,
    made=AT,
)
NODE = HeldImage(id="sha256:2", names=frozenset({"runner-env:abc"}), place="node-1", labels={}, size=30, busy=True)
OTHER = HeldImage(id="sha256:3", names=frozenset({"runner-env@sha256:ff"}), place="node-1", labels={})


def test_only_images_of_environments_are_ours() -> None:
    names = [
        "docker.io/library/runner-env:abc",
        "registry.example.org:5000/team/runner-env@sha256:ff",
        "python:3.11-slim",
        "runner-env-of-somebody:1",
        "mine/runner-env/other:1",
    ]
    assert own_names(names) == {"runner-env:abc", "registry.example.org:5000/team/runner-env@sha256:ff"}


def test_the_copies_of_one_image_are_one_environment() -> None:
    first, second = merged([OTHER, HERE, NODE])
    assert first.reference == "runner-env:abc"
    assert first.names == HERE.names | NODE.names
    assert (first.place, first.size, first.made) == ("Docker engine, node-1", 30, AT)
    assert (first.environment, first.lock, first.busy) == ("spec", "lock", "a container of node-1 uses it")
    assert first.base == "base:1@sha256:ff"
    assert (second.reference, second.environment, second.busy) == ("runner-env@sha256:ff", "", "")


def test_a_time_is_read_to_the_second() -> None:
    assert time_of("2026-11-28T23:22:39.123456789Z") == AT
    assert time_of("") is None


def test_the_short_name_is_the_full_one_without_the_hub() -> None:
    for name in ("python:3.11", "ada/tools:1", "registry.example.org/a/b:1", "localhost:5000/runner-env@sha256:ff"):
        assert short_name(full_name(name)) == name


def test_the_details_on_a_node_are_an_object_or_its_text() -> None:
    spec = {"created": "2026-11-28T23:22:39Z", "config": {"Labels": {"runner.lock": "lock"}}}
    details = {"chainID": "sha256:1", "imageSpec": spec}
    expected = ({"runner.lock": "lock"}, AT)
    assert described({"status": {}, "info": details}) == expected
    assert described({"status": {}, "info": {"info": json.dumps(details)}}) == expected
    assert described({"status": {}}) == ({}, None)
    assert described({"info": {"info": "{"}}) == ({}, None)
