"""The settings of a target in a Kubernetes cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...config.target import TargetContext
from ...dataclass import dataclass, field
from ...datastores import BucketConfig, loopback_problem
from ...errors import Problem
from ...model.access import Access
from ...model.check import Check
from ...model.compute import ResourceRequest
from ...model.placement import Toleration
from ...model.policy import StepPolicy
from ...model.reading import Checks
from ...ports import ComputeTarget, EnvironmentInventory, EnvironmentStore
from .keys_policy import KeysPolicy
from .mounts_config import MountsConfig
from .node_cache import NodeCacheConfig

if TYPE_CHECKING:
    from .controllers import KubernetesControllers

KIND_CLUSTER = "runner"
"""The kind cluster that `runner cluster up` makes."""
KIND_TARGET = "kind"
"""The target that `runner cluster up` configures."""


@dataclass(frozen=True)
class ProxyConfig:
    """The HTTP proxy of step pods. runner itself reaches its stores directly."""

    http: str = ""
    """``http://HOST:PORT`` without a user or password, because the pod specification shows it."""
    https: str = ""
    """The same for HTTPS requests."""
    no_proxy: str = ""
    """Hosts and domains without proxy, separated by commas. Empty: ``localhost,127.0.0.1,.svc,.cluster.local`` and the
    store's host."""


@dataclass(frozen=True, kw_only=True)
class KubernetesConfig:
    """A target in one namespace of a Kubernetes cluster."""

    store: BucketConfig
    """The bucket of the runs and data of this target."""
    namespace: str = "runner"
    """The namespace of the Jobs."""
    kubeconfig: str = ""
    """The kubeconfig file. Empty: the pod's own account inside a cluster, or the usual file."""
    context: str = ""
    """The context of the kubeconfig file. Empty: its current one."""
    kind_cluster: str = ""
    """Load built images into this kind cluster."""
    registry: str = ""
    """Push built images below this registry path."""
    run_as: int = 10001
    """The user, group and fsGroup ID of every step's process."""
    capacity: int = 8
    """The most steps (Jobs) at the same time."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    """Node labels for every step. A step's own labels are added."""
    image_pull_secrets: tuple[str, ...] = ()
    """Names of Secrets for pulling images. A step's own are added."""
    service_account: str = ""
    """The ServiceAccount of step pods. Their pods get no token of it. Empty: the namespace's default."""
    tolerations: tuple[Toleration, ...] = ()
    """Tolerations of every step, as Kubernetes writes them. A step's own are added."""
    queue: str = ""
    """The queue of Kueue that admits the Jobs of steps: all workers of a step together. Empty: none."""
    unschedulable_grace: float = 30.0
    """Seconds to wait for a node when no existing node can ever run the step. Raise it if an autoscaler adds nodes."""
    pull_grace: float = 60.0
    """Seconds to keep trying to pull an image while its registry does not answer."""
    policy: StepPolicy = field(default_factory=StepPolicy)
    """Retries and time limits of steps that state none themselves."""
    resources: ResourceRequest = field(default_factory=ResourceRequest)
    """Resources of steps whose own settings and compute name state none."""
    access: Access = field(default_factory=Access)
    """Secrets and datastores that scripts of every step on this target may open by name."""
    credentials: KeysPolicy = KeysPolicy.AUTO
    """The keys that steps get: those of the attempt's own where the store makes such (``auto``), those or none
    (``scoped``), or the keys of the whole store (``static``)."""
    ca_bundle: str = ""
    """A PEM file with all certificate authorities that pods trust."""
    proxy: ProxyConfig = field(default_factory=ProxyConfig)
    """The HTTP proxy of step pods."""
    mounts: MountsConfig = field(default_factory=MountsConfig)
    """Mounts of inputs in step pods."""
    node_cache: NodeCacheConfig = field(default_factory=NodeCacheConfig)
    """The cache of a node for its steps. Default: none."""
    controller_image: str = ""
    """A ready controller image for detached runs. Empty: runner builds it."""

    @property
    def reaches_folders(self) -> bool:
        """False: steps run on other machines."""
        return False

    @classmethod
    def rules(cls) -> Checks:
        """Return the rules of the fields."""
        from .config_rules import RULES

        return RULES

    def store_problems(self, where: str) -> tuple[Problem, ...]:
        """Return the problem of a store address that means, in a pod, the pod itself."""
        found = loopback_problem(self.store, where)
        return (found,) if found else ()

    def repair_command(self, name: str) -> str:
        """Return the command that makes or repairs a kind cluster. Empty: the cluster is not ours."""
        if not self.kind_cluster:
            return ""
        from .doctor import repair_command

        return repair_command(self.kind_cluster, name)

    def requirements(self, remedy: str) -> Iterator[Check]:
        """Check Docker and the kind cluster, if the target names one."""
        if self.kind_cluster:
            from .doctor import KindParts, kind_checks

            yield from kind_checks(KindParts(self.kind_cluster), remedy)

    def checks(self, context: TargetContext, remedy: str) -> Iterator[Check]:
        """Check the cluster with the user's own rights. Raises BadInput for an unusable `ca_bundle`."""
        from .doctor import checks

        yield from checks(self, context.name, remedy, context.minter)

    def environments(self, context: TargetContext) -> EnvironmentStore:
        """Return images, which are loaded into kind, pushed to a registry, or exist already."""
        from ...images.docker import DockerBuilder
        from ...images.ready_images import ReadyImages

        builder = DockerBuilder(namespace=self.namespace, secrets=self.image_pull_secrets)
        if not (self.kind_cluster or self.registry):
            return ReadyImages(context.name, builder, context.prepared)
        from ...images.bases import Bases
        from ...images.kind_images import KindImages
        from ...images.recipes import Recipes
        from ...images.registry_images import RegistryImages

        recipes = Recipes(builder, Bases(builder, context.store, context.cache), context.locks)
        return KindImages(self.kind_cluster, recipes) if self.kind_cluster else RegistryImages(self.registry, recipes)

    def inventory(self, name: str, cache: Path) -> EnvironmentInventory:  # noqa: ARG002 - images are kept elsewhere
        """Return the images in the local engine, with those on kind's nodes or in the registry.

        A target without builds has none.
        """
        if not (self.kind_cluster or self.registry):
            from ...images.ready_images import ReadyImages

            return ReadyImages(name)
        from ...images.engine import DockerEngine
        from ...images.image_inventory import ImageInventory
        from ...images.kind_nodes import KindNodes
        from ...images.registry_listing import RegistryListing

        engine = DockerEngine()
        if self.kind_cluster:
            return ImageInventory(engine, KindNodes(self.kind_cluster, engine))
        return ImageInventory(engine, registry=RegistryListing(self.registry).stored)

    def controllers(self, store_id: Callable[[], str]) -> KubernetesControllers:
        """Return the detached controllers in the namespace."""
        from .controllers import KubernetesControllers

        return KubernetesControllers(self, store_id)

    def build(self, context: TargetContext) -> ComputeTarget:
        """Return the target that makes Jobs in the namespace. Raises BadInput for an unusable `ca_bundle`."""
        from .build import build

        return build(self, context)
