"""From settings to adapters; each is imported in the branch that needs it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..config import KubernetesConfig, ProcessConfig, TargetConfig
from ..datastores import BucketConfig, vantages
from ..errors import BadInput
from ..model.access import Access
from ..model.document import to_document
from ..model.durable import must_survive
from ..model.secret import SecretSource
from ..model.vantage import BucketVantage, StepStores
from ..ports import ComputeTarget, EnvironmentStore, FolderStore, ObjectStore

if TYPE_CHECKING:
    from ..compute.kubernetes.api import KubernetesApi
    from ..compute.kubernetes.controller_job import ControllerJobs
    from ..compute.kubernetes.settings import ClusterSettings
    from ..data.dataset import Datastores


def folder_store(folder: Path) -> ObjectStore:
    """The embedded default: a local folder.

    Its journals and registries survive a power failure; docs/faults.md says what may be lost.
    """
    from ..storage.directory import DirectoryStore

    return DirectoryStore(folder, durable=must_survive)


def bucket_store(store: BucketConfig, where: str) -> ObjectStore:
    """A bucket as this machine reaches it. Raises BadInput for unusable credentials."""
    from ..storage.s3.store import BucketStore

    near, _ = vantages(store, where)
    return BucketStore(near, renew=lambda: vantages(store, where)[0])


def environment_store(name: str, settings: TargetConfig, cache: Path) -> EnvironmentStore:
    """What makes environments usable on a target."""
    if isinstance(settings, ProcessConfig):
        from ..images.venv import VenvEnvironments

        return VenvEnvironments(cache, sys.executable)
    if settings.kind_cluster:
        from ..images.kind import KindImages

        return KindImages(settings.kind_cluster)
    if settings.registry:
        from ..images.registry import RegistryImages

        return RegistryImages(settings.registry)
    from ..images.ready import ReadyImages

    return ReadyImages(name)


def process_target(
    name: str,
    settings: ProcessConfig,
    *,
    store: ObjectStore,
    datastores: Datastores,
    folders: Callable[[], Mapping[str, str]],
    work: Path,
    cache: Path,
    secrets: Mapping[str, SecretSource],
) -> ComputeTarget:
    """Local processes over a folder store. Raises BadInput when `store` is a bucket."""
    from ..compute.process import ProcessTarget
    from ..data.carry import tree

    if not isinstance(store, FolderStore):
        raise BadInput(
            f"target '{name}' runs local processes, whose data lie in a folder, not in a bucket",
            remedy="leave out --target, or name a cluster's",
        )
    carried = _carried(cache)
    code = lru_cache(lambda: tree(carried))
    return ProcessTarget(name, store, datastores, work, code, settings.workers, folders=folders, secrets=secrets)


def step_stores(
    name: str,
    workspace: BucketConfig,
    datastores: Mapping[str, BucketVantage],
    secrets: Mapping[str, SecretSource],
) -> StepStores:
    """What pods on a target are told: the keys to `workspace` and `datastores`, and the values of `secrets`.

    Raises BadInput for unusable credentials.
    """
    from ..data.secret_values import available

    _, cluster = vantages(workspace, f"target '{name}'")
    return StepStores(cluster, datastores, available(secrets))


def kubernetes_target(
    name: str,
    settings: KubernetesConfig,
    *,
    store: ObjectStore,
    store_id: str,
    cache: Path,
    stores: Callable[[], StepStores],
    accesses: Callable[[str], Iterable[Access]],
) -> ComputeTarget:
    """Return the target that makes Jobs in a namespace.

    Its pods are told the part of `stores`, read again now and then, that one of the `accesses` of their run names.
    Raises what reading them raises.
    """
    from ..compute.kubernetes.api import KubernetesApi
    from ..compute.kubernetes.target import KubernetesTarget

    return KubernetesTarget(
        name,
        KubernetesApi(settings.namespace, settings.kubeconfig, settings.context),
        _cluster_settings(settings, store_id),
        store=store,
        step_stores=lambda run: _told(stores(), accesses(run)),
        step_archive=step_archive_of(cache),
        capacity=settings.capacity,
    )


def _told(stores: StepStores, accesses: Iterable[Access]) -> dict[Access, str]:
    return {access: json.dumps(to_document(stores.only(access))) for access in accesses}


def controller_jobs(settings: KubernetesConfig, store_id: str) -> ControllerJobs:
    """The detached controllers in a target's namespace."""
    from ..compute.kubernetes.api import KubernetesApi
    from ..compute.kubernetes.controller_job import ControllerJobs

    api = KubernetesApi(settings.namespace, settings.kubeconfig, settings.context)
    return ControllerJobs(api, _cluster_settings(settings, store_id))


def cluster_of(settings: KubernetesConfig) -> tuple[KubernetesApi, ClusterSettings]:
    """A target's namespace as its user sees it, and what every step there gets: to be looked at."""
    from ..compute.kubernetes.api import KubernetesApi

    api = KubernetesApi(settings.namespace, settings.kubeconfig, settings.context)
    return api, _cluster_settings(settings, "")


def step_archive_of(cache: Path) -> bytes:
    """``step.pyz``, made below `cache` unless it is there."""
    from ..data.carry import step_archive

    return step_archive(_carried(cache))


def _cluster_settings(settings: KubernetesConfig, store_id: str) -> ClusterSettings:
    from ..compute.kubernetes.settings import ClusterSettings

    return ClusterSettings(
        store_id,
        settings.namespace,
        settings.run_as,
        settings.service_account,
        settings.node_selector,
        settings.tolerations,
        image_pull_secrets=settings.image_pull_secrets,
        unschedulable_grace=settings.unschedulable_grace,
        pull_grace=settings.pull_grace,
        authorities=_authorities(settings.ca_bundle),
        variables=_proxies(settings),
    )


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


def _proxies(settings: KubernetesConfig) -> dict[str, str]:
    """Return the variables by which programs find a proxy, in both spellings; none without one."""
    proxy = settings.proxy
    if not (proxy.http or proxy.https):
        return {}
    store = urlsplit(settings.store.cluster_endpoint or settings.store.endpoint).hostname or ""
    direct = proxy.no_proxy or f"localhost,127.0.0.1,.svc,.cluster.local,{store}"
    named = {"HTTP_PROXY": proxy.http, "HTTPS_PROXY": proxy.https, "NO_PROXY": direct}
    return {name: value for key, value in named.items() if value for name in (key, key.lower())}


def _carried(cache: Path) -> Path:
    """Where our code lies as steps carry it."""
    carried = cache / "carried"
    carried.mkdir(parents=True, exist_ok=True)
    return carried
