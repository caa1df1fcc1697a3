"""`runner cluster up`: a local cluster with its store, and the way to both written to the configuration."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TypeVar

from ..compute.kubernetes.programs import engine_version, kind_clusters
from ..errors import BadInput, StoreUnreachable, TargetDenied, TargetUnreachable
from ..model.document import Document
from ..ports import Notify
from . import engine, kind, settings
from .api import ClusterApi
from .controller_token import (
    LIFETIME,
    is_accepted,
    is_for_cluster,
    is_long_lived,
    request_token,
    token_expiry,
    token_kubeconfig,
)
from .manifests import kind_config, read_kind_config, read_manifests
from .minio import apply_minio, await_minio, check_answers
from .mounter import install_mounter
from .network_policy import with_destinations
from .options import BUCKET, DEFAULT_PORT, ClusterOptions, endpoint
from .store_keys import BUCKET_SECRET, ROOT_SECRET, StoreKeys, kept_keys, random_keys

T = TypeVar("T")


def up(options: ClusterOptions, notify: Notify) -> None:
    """Make the cluster and its store, or what of them is missing; nothing that is there is changed.

    `notify` gets a line at a time for people. Raises BadInput (a program missing, a port taken, an image
    that cannot be had), TargetError and StoreError.
    """
    engine_version()
    clusters = kind_clusters()
    configuration = settings.read_document(options.configuration)
    settings.check_free(configuration, options, clusters)
    port = _start_cluster(options, notify) if options.name in clusters else _create_cluster(options, notify)
    _install(options, endpoint(port), notify)
    entry = settings.target_entry(options, port)
    settings.write_document(options.configuration, settings.with_target(configuration, options.target, entry))
    notify(f"cluster {options.name} is up: --target {options.target}, store at {endpoint(port)}")


def _start_cluster(options: ClusterOptions, notify: Notify) -> int:
    """See that the cluster runs; its store's port on this machine."""
    node = engine.find_node(options.name)
    port = chosen_port(options, node)
    if node is not None and not node.running:
        notify(f"starting the stopped node of cluster {options.name}")
        engine.start_node(options.name)
    return port


def chosen_port(options: ClusterOptions, node: engine.Node | None) -> int:
    """The port that an existing cluster has. Raises BadInput when it has none, or not the one asked for."""
    again = f"runner cluster down --name {options.name}, then up again; or another --name"
    if node is None or node.port is None:
        raise BadInput("the kind cluster has no port for the store; runner did not make it", options.name, again)
    if options.port not in {None, node.port}:
        raise BadInput(
            f"the kind cluster has its store at port {node.port}, not {options.port}",
            options.name,
            f"leave out --port; or, which deletes its data, {again}",
        )
    return node.port


def _create_cluster(options: ClusterOptions, notify: Notify) -> int:
    port = options.port or DEFAULT_PORT
    for taken, whose, remedy in (
        (port, "the store's port", "runner cluster up --port N"),
        (options.server_port, "the server's port", "runner cluster up --serve --serve-port N"),
    ):
        if taken is not None and _is_taken(taken):
            raise BadInput(f"port {taken} of this machine is in use", whose, remedy)
    notify(f"making the kind cluster {options.name}: about a minute, more if its node image must be pulled")
    kind.create_cluster(kind_config(read_kind_config(), options.name, port, options.server_port))
    return port


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _install(options: ClusterOptions, at: str, notify: Notify) -> None:
    """Make all that lies in the cluster, and the files that lead to it; the store answers `at` this endpoint."""
    admin = kind.read_kubeconfig(options.name)
    api = ClusterApi(admin)
    try:
        # A server that was just started does not answer, then knows nobody's rights.
        retry_for(api.check_ready, passing=(TargetUnreachable, TargetDenied), seconds=90)
        policies = with_destinations(read_manifests("network-policy"), options.destinations)
        for manifest in (*read_manifests("namespace"), *read_manifests("rbac"), *policies):
            api.apply(manifest)
        root = kept_keys(api, ROOT_SECRET, random_keys("root", secrets.token_hex))
        user = kept_keys(api, BUCKET_SECRET, random_keys("runner", secrets.token_hex))
        apply_minio(api, options, notify)
        _ensure_access(api, options, admin, notify)
        await_minio(api)
        if options.mounter:
            install_mounter(api, options, notify)
    finally:
        api.close()
    retry_for(lambda: check_answers(at), passing=(StoreUnreachable,), seconds=90)
    _ensure_bucket(at, root, user)
    settings.write_document(options.credentials, asdict(user))


def retry_for(do: Callable[[], T], *, passing: tuple[type[Exception], ...], seconds: float) -> T:
    """Call `do` each half second while it raises one of `passing`, for at most `seconds`, and return its result."""
    end = time.monotonic() + seconds
    while True:
        try:
            return do()
        except passing:
            if time.monotonic() > end:
                raise
        time.sleep(0.5)


def _ensure_access(api: ClusterApi, options: ClusterOptions, admin: Document, notify: Notify) -> None:
    """Write the controller's kubeconfig unless the one that is there will do."""
    written = settings.read_document(options.kubeconfig)
    now = datetime.now(timezone.utc)
    if is_for_cluster(written, admin) and is_long_lived(written, now) and is_accepted(written):
        return
    token = request_token(api)
    settings.write_document(options.kubeconfig, token_kubeconfig(admin, options.name, token))
    expiry = token_expiry(token)
    if expiry is not None and expiry - now < LIFETIME / 2:
        notify(f"the server lets the token live until {expiry:%Y-%m-%d %H:%M} UTC only: run it again by then")


def _ensure_bucket(at: str, root: StoreKeys, user: StoreKeys) -> None:
    from .minio_admin import ensure_bucket, ensure_bucket_user

    ensure_bucket(endpoint=at, access_key=root.access_key, secret_key=root.secret_key, bucket=BUCKET)
    ensure_bucket_user(
        endpoint=at,
        root_access=root.access_key,
        root_secret=root.secret_key,
        bucket=BUCKET,
        user_access=user.access_key,
        user_secret=user.secret_key,
    )
