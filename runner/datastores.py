"""Settings of places for data that targets and datastores share: buckets, and other workspaces."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from .dataclass import dataclass
from .documents import files
from .errors import BadInput, Problem
from .model.credentials import Credentials
from .model.data import DEFAULT_DATASTORE
from .model.store_endpoint import BucketEndpoint

_NAME = re.compile(r"[A-Za-z0-9_]{1,255}")
"""v1's rule; it also makes every name a good name of a step's input."""


@dataclass(frozen=True, kw_only=True)
class BucketConfig:
    """A bucket of an S3 store."""

    bucket: str
    """The name of the bucket."""
    endpoint: str
    """The URL of the store, as this machine reaches it."""
    cluster_endpoint: str = ""
    """The URL of the store, as pods reach it. Empty: the same as `endpoint`."""
    prefix: str = ""
    """A prefix of all keys. The workspaces lie below it."""
    region: str = "us-east-1"
    """The region of the bucket."""
    credentials: str = ""
    """A JSON file with ``access_key`` and ``secret_key``. Only its owner may read it (mode 0600).

    Temporary keys have a ``session_token`` as well. A replaced file renews the keys of what is running.
    """

    sts_endpoint: str = ""
    """The URL that makes temporary keys for steps, as this machine reaches it. Empty: the store's own."""
    role: str = ""
    """The role that temporary keys of steps have (its ARN), where the store needs one: AWS. With `web_identity`, the
    role of all keys; empty: the one that the variable ``AWS_ROLE_ARN`` names.
    """

    web_identity: str = ""
    """A file with a token of an identity provider, as an absolute path. The STS of the store makes temporary keys for
    the token and the `role` (AssumeRoleWithWebIdentity), and `credentials` stays empty. In the pod of a controller, the
    file that the variable ``AWS_WEB_IDENTITY_TOKEN_FILE`` names goes first.
    """

    read_only: bool = False
    """Refuse every write to the bucket. A target's store cannot be read-only."""
    host_style: bool = False
    """Write the bucket before the host of the URL (``https://BUCKET.HOST``), as some stores require, and not into the
    path. Such a bucket is downloaded from, not mounted.
    """

    def below(self, folder: str) -> BucketConfig:
        """The same bucket, with `folder` below the prefix as its prefix."""
        return replace(self, prefix="/".join(part.strip("/") for part in (self.prefix, folder) if part.strip("/")))


@dataclass(frozen=True)
class WorkspaceConfig:
    """The data of another workspace in the bucket of a target, read-only."""

    workspace: str
    """The name of the other workspace."""
    target: str = ""
    """The target whose bucket holds the workspace. Empty: the target in use."""


def bucket_endpoints(store: BucketConfig, where: str) -> tuple[BucketEndpoint, BucketEndpoint]:
    """The bucket as this machine and as a pod sees it, without the keys of a web identity.

    Raises BadInput for unusable credentials.
    """
    if store.web_identity and store.credentials:
        remedy = "keep `web_identity` for temporary keys, or `credentials` for those of a file"
        raise BadInput("the store has two sources of keys: `credentials` and `web_identity`", where, remedy)
    prefix = store.prefix.strip("/")
    near = BucketEndpoint(
        bucket=store.bucket,
        endpoint=store.endpoint,
        prefix=f"{prefix}/" if prefix else "",
        region=store.region,
        credentials=_credentials(store, where),
        sts_endpoint=store.sts_endpoint,
        role=store.role,
        web_identity=str(Path(store.web_identity).expanduser()) if store.web_identity else "",
        read_only=store.read_only,
        host_style=store.host_style,
    )
    return near, replace(near, endpoint=store.cluster_endpoint or store.endpoint)


def name_misfit(name: str) -> tuple[str, str] | None:
    """Return the problem with the name of a datastore, and its remedy, or None."""
    if name == DEFAULT_DATASTORE:
        return f"'{name}' is the workspace's own store", "give the datastore another name"
    if not _NAME.fullmatch(name):
        return f"{name!r} cannot name a datastore", "use letters, digits and underscores"
    return None


def _credentials(store: BucketConfig, where: str) -> Credentials:
    """The keys in the credentials file; empty without one. Raises BadInput, which holds neither."""
    if not store.credentials:
        return Credentials()
    path = Path(store.credentials).expanduser()
    try:
        text = files.private_text(path)
    except BadInput as error:
        (problem,) = error.problems
        what = f"the credentials file {path} cannot be used: {problem.what}"
        raise BadInput(what, where, problem.remedy) from None
    remedy = 'make it a JSON file {"access_key": …, "secret_key": …} that only you can read'
    if text is None:
        raise BadInput(f"the credentials file {path} cannot be used: there is no such file", where, remedy)
    keys = _keys(text)
    if keys is None:
        raise BadInput(f"the credentials file {path} cannot be used: it does not hold both keys", where, remedy)
    return keys


def _keys(text: str) -> Credentials | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    access, secret, token = (document.get(name, "") for name in ("access_key", "secret_key", "session_token"))
    usable = all(isinstance(one, str) for one in (access, secret, token)) and access and secret
    return Credentials(access, secret, token) if usable else None


def endpoint_misfit(endpoint: str) -> tuple[str, str] | None:
    """Return the problem with the address of a store, and its remedy, or None.

    The words never hold a name or a password that the address holds: they are printed and logged.
    """
    usual = "write it as http://HOST:PORT or https://HOST"
    if "@" in endpoint:
        return _WITH_KEY
    if re.search(r"://[^/]*/.|[?#]", endpoint):
        return "the address of a store has no path and no query", usual
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or a host that is none
        usable = False
    return None if usable else (f"{endpoint!r} is no address of a store", usual)


def loopback_problem(store: BucketConfig, where: str) -> Problem | None:
    """Return the problem of a store whose address means, to a pod, the pod itself; None: it has none."""
    seen = store.cluster_endpoint or store.endpoint
    host = (urlsplit(seen).hostname or "").lower()
    if host != "localhost" and not host.endswith(".localhost") and not re.fullmatch(r"127\..*|::1|0\.0\.0\.0|::", host):
        return None
    return Problem(
        f"pods cannot reach the store at {seen}: in a pod this address is the pod itself",
        where,
        "state how pods reach it: `cluster_endpoint`, like http://minio.storage.svc:9000",
    )


_WITH_KEY = (
    "the address of a store must not hold a user or a password: addresses are printed and logged",
    "write it as http://HOST:PORT or https://HOST, and put the keys into the file that 'credentials' names",
)
