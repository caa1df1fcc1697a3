"""The plugin as the kubelet meets it: over its sockets, with a fake rclone and fake system calls."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from runner.model.credentials import Credentials
from runner.mounter import messages as m
from runner.mounter import node as node_module
from runner.mounter.__main__ import serve
from runner.mounter.cgroups import GROUP, ControlGroups
from runner.mounter.node import Node
from runner.mounter.processes import Process
from runner.mounter.refusal import Denied
from runner.mounter.services import DRIVER, PluginSettings
from runner.mounter.state import VolumeFolders
from runner.mounter.volume import Volume
from runner.mounter.wire import decode, encode
from tests.support.fake_rclone import FakeRclone, FakeSystem

ID = "csi-27aa188dfae9"
CONTEXT = {"endpoint": "http://minio:9000", "bucket": "data", "csi.storage.k8s.io/ephemeral": "true"}
SECRETS = {"access_key": "name", "secret_key": "canary"}


class Plugin:
    """A plugin of a node, and the calls of its kubelet."""

    def __init__(self, folder: Path) -> None:
        self.kubelet = folder / "k"
        self.rclone = FakeRclone(folder)
        self.system = FakeSystem()
        self.cgroup = folder / "cgroup"
        self.cgroup.mkdir()
        (self.cgroup / "cgroup.controllers").touch()
        self.state = folder / "state"
        self.refused: list[Volume] = []
        self.settings = PluginSettings(
            node="n1",
            kubelet=str(self.kubelet),
            endpoints=(CONTEXT["endpoint"],),
            registered=folder / "registered",
        )
        self.target = self.kubelet / "pods" / "uid" / "volumes" / "in0" / "mount"
        self.target.parent.mkdir(parents=True)
        self.start()

    def start(self) -> None:
        """Start it, as a pod that replaces an earlier one."""
        self.node = Node(
            VolumeFolders(self.state),
            ControlGroups(self.cgroup),
            system=self.system,
            program=str(self.rclone.program),
            probe=self._probe,
        )
        self._servers = serve(self.node, self.settings)
        self._channel = grpc.insecure_channel(f"unix://{self.settings.socket}")

    def stop(self) -> None:
        self._channel.close()
        for server in self._servers:
            server.stop(0).wait(5)

    def call(self, method: str, request: object, answer: type = m.Nothing, *, socket: Path | None = None) -> Any:
        channel = grpc.insecure_channel(f"unix://{socket}") if socket else self._channel
        ask = channel.unary_unary(
            f"/{method}", request_serializer=encode, response_deserializer=lambda data: decode(answer, data)
        )
        return ask(request, timeout=30)

    def publish(self, secrets: Mapping[str, str] = SECRETS, **context: str) -> None:
        request = m.PublishRequest(
            volume_id=ID,
            target_path=str(self.target),
            volume_capability=m.VolumeCapability(m.MountVolume()),
            readonly=True,
            secrets=secrets,
            volume_context={**CONTEXT, **context},
        )
        self.call("csi.v1.Node/NodePublishVolume", request)

    def unpublish(self) -> None:
        self.call("csi.v1.Node/NodeUnpublishVolume", m.UnpublishRequest(ID, str(self.target)))

    @property
    def data(self) -> Path:
        return self.target / "data"

    @property
    def pid(self) -> int:
        """The process of the newest rclone."""
        return int(self.rclone.starts[-1].split()[0])

    @property
    def is_mounted(self) -> bool:
        return self.system.mount_at(self.data) is not None

    @property
    def is_gone(self) -> bool:
        """Nothing of the volume is left."""
        return not self.is_mounted and not self.target.exists() and not any((self.state / "volumes").iterdir())

    def _probe(self, volume: Volume, keys: Credentials) -> None:
        if keys.secret_key == "wrong":
            self.refused.append(volume)
            raise Denied("the store refuses")


@pytest.fixture
def plugin() -> Iterator[Plugin]:
    with tempfile.TemporaryDirectory(prefix="r") as folder:  # the path of a socket has at most 107 bytes
        made = Plugin(Path(folder))
        yield made
        made.stop()
        for line in made.rclone.starts:
            with suppress(ProcessLookupError):
                os.kill(int(line.split()[0]), signal.SIGKILL)


def code_of(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code().name, caught.value.details()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_kubelet_learns_name_and_node(plugin: Plugin) -> None:
    info = plugin.call("csi.v1.Identity/GetPluginInfo", m.Nothing(), m.PluginInfo)
    assert info.name == DRIVER
    assert plugin.call("csi.v1.Identity/Probe", m.Nothing(), m.ProbeResponse).ready == m.Boolean(value=True)
    assert plugin.call("csi.v1.Node/NodeGetInfo", m.Nothing(), m.NodeInfo) == m.NodeInfo("n1")
    registered = plugin.call(
        "pluginregistration.Registration/GetInfo",
        m.Nothing(),
        m.RegisteredPlugin,
        socket=plugin.settings.registration,
    )
    assert registered == m.RegisteredPlugin("CSIPlugin", DRIVER, str(plugin.settings.socket), ("1.0.0",))


def test_it_is_ready_while_the_kubelet_has_registered_it(plugin: Plugin) -> None:
    method, socket = "pluginregistration.Registration/NotifyRegistrationStatus", plugin.settings.registration
    plugin.call(method, m.RegistrationStatus(plugin_registered=True), socket=socket)
    assert plugin.settings.registered.exists()
    plugin.call(method, m.RegistrationStatus(plugin_registered=False, error="why"), socket=socket)
    assert not plugin.settings.registered.exists()


def test_a_volume_is_mounted_and_taken_away_without_a_trace(plugin: Plugin) -> None:
    plugin.publish(prefix="a/b")
    assert plugin.is_mounted
    assert plugin.rclone.starts[-1].split("-- ")[1].startswith(f"STORE:data/a/b {plugin.data} ")
    assert (plugin.cgroup / GROUP / ID / "cgroup.procs").read_text() == str(plugin.pid)
    pid = plugin.pid
    plugin.unpublish()
    assert plugin.is_gone
    assert not lives(pid)
    plugin.unpublish()  # the kubelet may ask twice


def test_keys_are_in_one_private_file_and_nowhere_else(plugin: Plugin) -> None:
    plugin.publish()
    holding = [path for path in plugin.state.rglob("*") if path.is_file() and "canary" in path.read_text()]
    assert [path.name for path in holding] == ["keys.json"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    assert "canary" not in plugin.rclone.starts[-1]


def test_another_request_renews_the_keys_of_the_same_rclone(plugin: Plugin) -> None:
    plugin.publish()
    plugin.publish({"access_key": "name", "secret_key": "newer", "session_token": "t"})
    assert len(plugin.rclone.starts) == 1
    assert "newer" in (plugin.state / "volumes" / ID / "keys.json").read_text()


def test_a_refused_key_is_told_and_nothing_is_mounted(plugin: Plugin) -> None:
    found = code_of(lambda: plugin.publish({"access_key": "name", "secret_key": "wrong"}))
    assert found == ("PERMISSION_DENIED", "the store refuses")
    assert plugin.is_gone
    assert not plugin.rclone.starts


def test_an_invalid_request_never_gets_to_the_store(plugin: Plugin) -> None:
    code, words = code_of(lambda: plugin.publish({"access_key": "n", "secret_key": "wrong"}, endpoint="http://127.1/x"))
    assert code == "INVALID_ARGUMENT"
    assert "endpoint" in words
    assert not plugin.refused
    bad = m.UnpublishRequest("..", "/etc")
    assert code_of(lambda: plugin.call("csi.v1.Node/NodeUnpublishVolume", bad))[0] == "INVALID_ARGUMENT"


def test_an_rclone_that_ends_says_why(plugin: Plugin) -> None:
    plugin.rclone.mode = "refuses"
    code, words = code_of(plugin.publish)
    assert (code, "fusermount3 is missing" in words) == ("UNAVAILABLE", True)
    assert plugin.is_gone


def test_an_rclone_that_never_mounts_is_ended(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "MOUNT_SECONDS", 0.3)
    plugin.rclone.mode = "hangs"
    code, words = code_of(plugin.publish)
    assert (code, "not mounted within" in words) == ("UNAVAILABLE", True)
    assert plugin.is_gone
    assert not lives(plugin.pid)


def test_a_dead_rclone_is_replaced_below_the_same_frame(plugin: Plugin) -> None:
    plugin.publish()
    assert Process.of(plugin.pid).kill(10)
    plugin.node.look_after(ask=False)
    assert len(plugin.rclone.starts) == 2
    assert plugin.is_mounted
    assert lives(plugin.pid)


def test_a_mount_that_does_not_answer_is_aborted_and_replaced(plugin: Plugin) -> None:
    plugin.publish()
    hung = plugin.pid
    plugin.system.hanging.add(plugin.data)
    plugin.node.look_after(ask=False)
    assert lives(hung)
    plugin.node.look_after(ask=True)
    assert plugin.data in plugin.system.aborted
    assert not lives(hung)
    assert len(plugin.rclone.starts) == 2


def test_a_repair_that_fails_waits_before_the_next(plugin: Plugin) -> None:
    plugin.publish()
    assert Process.of(plugin.pid).kill(10)
    plugin.rclone.mode = "refuses"
    for _ in range(3):
        plugin.node.look_after(ask=False)
    assert len(plugin.rclone.starts) == 2


def test_the_next_plugin_knows_the_mounts_of_the_last(plugin: Plugin) -> None:
    plugin.publish()
    pid = plugin.pid
    plugin.stop()
    assert lives(pid)
    plugin.start()
    plugin.node.look_after(ask=True)
    assert lives(pid)
    plugin.unpublish()
    assert plugin.is_gone
    assert not lives(pid)


def test_a_volume_whose_pod_went_without_a_plugin_is_taken_away(plugin: Plugin) -> None:
    plugin.publish()
    pid = plugin.pid
    plugin.stop()
    shutil.rmtree(plugin.target)
    plugin.start()
    plugin.node.look_after(ask=True)
    assert plugin.is_gone
    assert not lives(pid)


@pytest.mark.parametrize("effect", ["mount_frame", "mount_at", "start"])
def test_what_a_crash_left_is_taken_away(plugin: Plugin, monkeypatch: pytest.MonkeyPatch, effect: str) -> None:
    class Crashed(BaseException):
        pass

    def crash(*_: object) -> None:
        raise Crashed

    owner: object = plugin.node if effect == "start" else plugin.system
    volume, keys = Volume(endpoint="http://m", bucket="bb"), Credentials("a", "s")
    with monkeypatch.context() as patch:
        patch.setattr(owner, "_start" if effect == "start" else effect, crash)
        with pytest.raises(Crashed):
            plugin.node.publish(ID, str(plugin.target), volume, keys)
    plugin.unpublish()
    assert plugin.is_gone


def test_what_stays_mounted_is_told_and_tried_again(plugin: Plugin) -> None:
    plugin.publish()
    plugin.system.stuck.add(plugin.data)
    assert code_of(plugin.unpublish)[0] == "UNAVAILABLE"
    plugin.system.stuck.clear()
    plugin.unpublish()
    assert plugin.is_gone


def test_an_unexpected_error_shows_nothing_of_the_request(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(plugin.node, "publish", fail)
    code, words = code_of(plugin.publish)
    assert code == "INTERNAL"
    assert "canary" not in words
