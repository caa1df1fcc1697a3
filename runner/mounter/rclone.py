"""The command line and files of one rclone (pure).

Flags and their figures: benchmarks/mounts.py. No value of a pod is an option here: they are variables, or part of the
remote's path after its colon.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ..model.credentials import Credentials
from .volume import Volume

CREDENTIALS = "keys.json"
AWS_CONFIG = "aws.config"
AUTHORITIES = "ca.pem"
LOG = "rclone.log"
_REMOTE = "STORE"
_FRESH = timedelta(minutes=2)
"""The age at which rclone reads the file with its keys again."""
_FLAGS = (
    "--read-only",
    "--allow-other",
    "--umask=0222",
    "--config=",
    # A read of few bytes moves few bytes: the first request asks for 1 MiB, each further one in sequence for twice as
    # much; nothing is read ahead of the reader.
    "--vfs-read-chunk-streams=0",
    "--vfs-read-chunk-size=1Mi",
    "--buffer-size=0",
    "--vfs-cache-mode=off",
    # Inputs do not change while a step reads them, and none of these is a request per file.
    "--use-server-modtime",
    "--no-checksum",
    "--dir-cache-time=1h",
    "--attr-timeout=1m",
    "--poll-interval=0",
    # A read of a dead store must end: the process that waits for it cannot be killed before.
    "--contimeout=5s",
    "--timeout=15s",
    "--low-level-retries=4",
    "--retries=1",
    "--log-level=ERROR",
    "--log-file-max-size=1Mi",
    "--log-file-max-backups=1",
    "--ask-password=false",
)


def command(volume: Volume, folder: Path, target: Path, program: str = "rclone") -> list[str]:
    """Return the command that serves a volume in the foreground.

    Args:
        volume: The volume.
        folder: The folder with its files.
        target: The folder on which it appears.
        program: The path of rclone. Default: the one on the path.
    """
    path = f"{_REMOTE}:{volume.bucket}" + (f"/{volume.prefix}" if volume.prefix else "")
    trust = [f"--ca-cert={folder / AUTHORITIES}"] if volume.authorities else []
    files = [f"--log-file={folder / LOG}", f"--cache-dir={folder / 'cache'}"]
    return [program, "mount", *_FLAGS, *files, *trust, "--devname=runner", "--", path, str(target)]


def variables(volume: Volume, folder: Path) -> Mapping[str, str]:
    """Return the whole environment of rclone. It holds no key, because every user of the node may see it as root."""
    remote = {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ENV_AUTH": "true",
        "ENDPOINT": volume.endpoint,
        "REGION": volume.region,
        "FORCE_PATH_STYLE": "true",
        "NO_CHECK_BUCKET": "true",
        "LIST_VERSION": "2",
        "USE_ACCEPT_ENCODING_GZIP": "false",
    }
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "GOMAXPROCS": "4",
        "AWS_CONFIG_FILE": str(folder / AWS_CONFIG),
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        **{f"RCLONE_CONFIG_{_REMOTE}_{name}": value for name, value in remote.items()},
    }


def files(volume: Volume, folder: Path) -> Mapping[str, str]:
    """Return the files of a volume beside its keys, by name."""
    config = f"[default]\ncredential_process = /bin/cat {folder / CREDENTIALS}\n"
    found = {AWS_CONFIG: config}
    return {**found, AUTHORITIES: volume.authorities} if volume.authorities else found


def credentials(keys: Credentials, now: datetime) -> str:
    """Return the file with the keys, in the form of a ``credential_process``.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html. Keys with a token are read again
    after a while: they are renewed while a step runs.
    """
    found: dict[str, object] = {"Version": 1, "AccessKeyId": keys.access_key, "SecretAccessKey": keys.secret_key}
    if keys.session_token:
        until = (now.astimezone(timezone.utc) + _FRESH).strftime("%Y-%m-%dT%H:%M:%SZ")
        found |= {"SessionToken": keys.session_token, "Expiration": until}
    return json.dumps(found)
