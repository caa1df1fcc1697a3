"""Creation of a Kubernetes target from its settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from ...config.target import TargetConfig, TargetContext, bundle_folder
from ...data.step_bundle import step_archive
from ...errors import BadInput, RunnerError
from ...model.access import Access
from ...model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ...model.document import to_document
from ...model.store_endpoint import BucketEndpoint, StepStores, StoreEndpoint
from .api import KubernetesApi
from .config import KubernetesConfig
from .settings import ClusterSettings
from .target import KubernetesTarget


def build(config: KubernetesConfig, context: TargetContext) -> KubernetesTarget:
    """Return the target that makes Jobs in a namespace.

    The Secret of a run gets those of the workspace's stores that its steps may open. The keys are read again for each
    run. Raises BadInput for an unusable `ca_bundle`.
    """
    settings = cluster_settings(config, context.store_id())
    settings = replace(settings, unmountable=unmountable(context, claim=bool(config.mounts.claim)))
    return KubernetesTarget(
        context.name,
        api_of(config),
        settings,
        store=context.store(),
        step_stores=lambda run: _documents(context.step_stores(), context.accesses(run)),
        minters=lru_cache(context.minter),
        step_archive=step_archive_of(context.cache),
        capacity=config.capacity,
    )


def unmountable(context: TargetContext, *, claim: bool) -> frozenset[str]:
    """Return the datastores that pods cannot mount. A claim shows the bucket of the target alone, a driver any bucket.

    Raises BadInput for unusable credentials if all depends on them.
    """
    try:
        stores = context.step_stores()
    except RunnerError:
        if claim:
            raise
        return frozenset()  # a run that uses a datastore tells what is wrong with it
    own = (DEFAULT_DATASTORE, FILE_DATASTORE) if stores.workspace.host_style and not claim else ()
    other = (name for name, endpoint in stores.datastores.items() if claim or not _in_path_style(endpoint))
    return frozenset((*own, *other))


def _in_path_style(endpoint: StoreEndpoint) -> bool:
    """Return True for a bucket that the mounter can address."""
    return isinstance(endpoint, BucketEndpoint) and not endpoint.host_style


def step_archive_of(cache: Path) -> bytes:
    """Return ``step.pyz``, and make it below the folder `cache` unless it exists. The controller's image has it."""
    return step_archive(bundle_folder(cache))


def api_of(config: KubernetesConfig) -> KubernetesApi:
    """Return the namespace of a target, with the rights of the kubeconfig's user."""
    return KubernetesApi(config.namespace, config.kubeconfig, config.context)


def settings_of_cluster(config: TargetConfig, store_id: Callable[[], str]) -> ClusterSettings | None:
    """Return what the manifests need to know of a target; None: it is no cluster.

    Args:
        config: The settings of the target.
        store_id: Returns the ID of the workspace store.

    Raises:
        BadInput: The `ca_bundle` cannot be used.

    """
    return cluster_settings(config, store_id()) if isinstance(config, KubernetesConfig) else None


def cluster_settings(config: KubernetesConfig, store_id: str) -> ClusterSettings:
    """Return what the manifests need to know of a target. Raises BadInput for an unusable `ca_bundle`."""
    return ClusterSettings(
        store_id=store_id,
        namespace=config.namespace,
        run_as=config.run_as,
        service_account=config.service_account,
        node_selector=config.node_selector,
        tolerations=config.tolerations,
        image_pull_secrets=config.image_pull_secrets,
        queue=config.queue,
        unschedulable_grace=config.unschedulable_grace,
        pull_grace=config.pull_grace,
        mounts=config.mounts,
        keys=config.credentials,
        authorities=_authorities(config.ca_bundle),
        variables=_proxy_variables(config),
        node_cache=config.node_cache,
    )


def _documents(stores: StepStores, accesses: Iterable[Access]) -> dict[Access, str]:
    return {access: json.dumps(to_document(stores.only(access))) for access in accesses}


def _authorities(file: str) -> str:
    """Return the PEM text of a file; empty without one. Raises BadInput."""
    if not file:
        return ""
    remedy = "name a PEM file with all certificate authorities that pods are to trust"
    try:
        found = Path(file).expanduser().read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}", "ca_bundle of the target", remedy) from error
    if "-----BEGIN CERTIFICATE-----" not in found:
        raise BadInput(f"{file} holds no certificate", "ca_bundle of the target", remedy)
    return found


def _proxy_variables(config: KubernetesConfig) -> dict[str, str]:
    """Return the variables by which programs find a proxy, in both spellings; none without one."""
    proxy = config.proxy
    if not (proxy.http or proxy.https):
        return {}
    store = urlsplit(config.store.cluster_endpoint or config.store.endpoint).hostname or ""
    direct = proxy.no_proxy or f"localhost,127.0.0.1,.svc,.cluster.local,{store}"
    named = {"HTTP_PROXY": proxy.http, "HTTPS_PROXY": proxy.https, "NO_PROXY": direct}
    return {name: value for key, value in named.items() if value for name in (key, key.lower())}
