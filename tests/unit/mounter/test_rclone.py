from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

from runner.model.credentials import Credentials
from runner.mounter import rclone
from runner.mounter.volume import Volume

FOLDER = Path("/run/runner-mounter/volumes/csi-1")
VOLUME = Volume(endpoint="http://minio:9000", bucket="data", prefix="--config=/etc/x", region="r")


def test_what_a_pod_states_is_no_option() -> None:
    command = rclone.command(VOLUME, FOLDER, Path("/pods/p/mount/data"))
    assert command[:2] == ["rclone", "mount"]
    assert command[-3:] == ["--", "STORE:data/--config=/etc/x", "/pods/p/mount/data"]
    assert not [part for part in command[:-3] if "minio" in part or "/etc" in part]


def test_a_few_bytes_cost_a_few_bytes_and_every_wait_ends() -> None:
    command = rclone.command(VOLUME, FOLDER, Path("/t"))
    assert {"--read-only", "--vfs-read-chunk-streams=0", "--vfs-read-chunk-size=1Mi", "--buffer-size=0"} <= set(command)
    assert {"--contimeout=5s", "--timeout=15s", "--low-level-retries=4", "--retries=1"} <= set(command)


def test_the_whole_bucket_has_no_prefix() -> None:
    assert "STORE:data" in rclone.command(Volume(endpoint="http://m", bucket="data"), FOLDER, Path("/t"))


def test_the_environment_and_the_command_hold_no_key_and_nothing_of_the_node() -> None:
    variables = rclone.variables(VOLUME, FOLDER)
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"
    assert variables["RCLONE_CONFIG_STORE_ENDPOINT"] == "http://minio:9000"
    assert not [name for name in variables if "KEY" in name or "SECRET" in name]


def test_authorities_are_trusted_when_there_are_some() -> None:
    volume = Volume(endpoint="https://minio", bucket="data", authorities="PEM")
    assert f"--ca-cert={FOLDER}/ca.pem" in rclone.command(volume, FOLDER, Path("/t"))
    assert rclone.files(volume, FOLDER)["ca.pem"] == "PEM"
    assert set(rclone.files(VOLUME, FOLDER)) == {"aws.config"}


def test_keys_with_a_token_are_read_again_after_a_while() -> None:
    now = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)
    assert json.loads(rclone.credentials(Credentials("a", "s"), now)) == {
        "Version": 1,
        "AccessKeyId": "a",
        "SecretAccessKey": "s",
    }
    temporary = json.loads(rclone.credentials(Credentials("a", "s", "t"), now))
    assert (temporary["SessionToken"], temporary["Expiration"]) == ("t", "2026-11-29T12:02:00Z")
