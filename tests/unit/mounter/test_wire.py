"""The bytes are those of protoc's Python code for csi.proto v1.11.0 and the kubelet's api.proto v0.34.0."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.mounter import messages as m
from runner.mounter.wire import NotAMessage, decode, encode

PUBLISH = bytes.fromhex(
    "0a056373692d3112060a017812017922192f7661722f6c69622f6b7562656c65742f706f64732f702f6d2a06"
    "12001a02080130013a100a0a6163636573735f6b65791202c3a4420b0a066275636b6574120162"
)


def test_a_request_of_the_kubelet_is_read() -> None:
    assert decode(m.PublishRequest, PUBLISH) == m.PublishRequest(
        volume_id="csi-1",
        target_path="/var/lib/kubelet/pods/p/m",
        volume_capability=m.VolumeCapability(m.MountVolume()),
        readonly=True,
        secrets={"access_key": "ä"},
        volume_context={"bucket": "b"},
    )


@pytest.mark.parametrize(
    ("message", "written"),
    [
        (m.UnpublishRequest("csi-1", "/t"), "0a056373692d3112022f74"),
        (m.PluginInfo("n", "1"), "0a016e120131"),
        (m.ProbeResponse(m.Boolean(value=True)), "0a020801"),
        (m.NodeInfo("n" * 200), "0ac801" + "6e" * 200),
        (
            m.RegisteredPlugin("CSIPlugin", "d", "/s", ("1.0.0", "1.1.0")),
            "0a09435349506c7567696e1201641a022f732205312e302e302205312e312e30",
        ),
        (m.RegistrationStatus(plugin_registered=True, error="e"), "0801120165"),
        (m.Nothing(), ""),
    ],
)
def test_messages_are_written_as_protoc_writes_them(message: object, written: str) -> None:
    assert encode(message).hex() == written
    assert decode(type(message), bytes.fromhex(written)) == message


@given(
    st.builds(
        m.PublishRequest,
        volume_id=st.text(),
        target_path=st.text(),
        volume_capability=st.none() | st.builds(m.VolumeCapability, st.builds(m.MountVolume, st.text())),
        readonly=st.booleans(),
        secrets=st.dictionaries(st.text(), st.text()),
        volume_context=st.dictionaries(st.text(), st.text()),
    )
)
def test_what_is_written_is_read_again(request: m.PublishRequest) -> None:
    assert decode(m.PublishRequest, encode(request)) == request


@given(st.binary(max_size=60))
def test_any_other_bytes_are_refused_or_read(data: bytes) -> None:
    with suppress(NotAMessage):
        assert isinstance(decode(m.PublishRequest, data), m.PublishRequest)


@pytest.mark.parametrize("data", [b"\x0a\x05csi", b"\x0a", b"\x0b", b"\x0a\x01\xff", b"\x30\x80", b"\x32\x01a"])
def test_a_cut_off_or_wrong_message_is_refused(data: bytes) -> None:
    with pytest.raises(NotAMessage):
        decode(m.PublishRequest, data)


def test_no_text_shows_the_keys() -> None:
    assert "canary" not in repr(m.PublishRequest(secrets={"secret_key": "canary"}))
