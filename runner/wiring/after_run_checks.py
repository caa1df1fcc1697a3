"""Problems of what is to happen at the end of each run, found before a run begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..config import Config
from ..config.after_run import MLFLOW, OPENLINEAGE, OPENTELEMETRY, REPORT
from ..data.secret_values import value_of
from ..errors import BadInput, Problem

PACKAGES: Mapping[str, tuple[str, ...]] = {
    REPORT: ("jinja2",),
    MLFLOW: ("mlflow",),
    OPENTELEMETRY: ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
    OPENLINEAGE: ("openlineage.client",),
}
"""The modules that an action needs."""
_EXTRAS = {REPORT: "web"}
"""The extra of kube-runner that installs them, if it has not the action's name."""


def problems(config: Config, *, in_cluster: bool) -> Iterator[Problem]:
    """Yield what is in the way of the actions at the end of a run.

    Args:
        config: The configuration.
        in_cluster: The run's controller will be a pod, whose image has the packages.

    """
    for action in config.after_run.actions if not in_cluster else ():
        yield from package_problems(action)
    for name in config.after_run.secrets:
        try:
            value_of(name, config.secrets)
        except BadInput as error:
            yield from error.problems


def package_problems(action: str) -> Iterator[Problem]:
    """Yield the problem of packages that an action needs and that this Python lacks.

    Args:
        action: The action's name.

    """
    from importlib.util import find_spec

    def is_missing(module: str) -> bool:
        try:
            return find_spec(module) is None
        except ImportError:  # a package above it is missing
            return True

    remedy = f"pip install 'kube-runner[{_EXTRAS.get(action, action)}]'"
    if any(map(is_missing, PACKAGES.get(action, ()))):
        yield Problem(f"{action} needs packages that are not installed", action, remedy)


def pod_problems(config: Config) -> Iterator[Problem]:
    """Yield the actions that a controller in a pod cannot do: they write to this machine.

    Args:
        config: The configuration.

    """
    for where, place in config.after_run.files.items():
        what = f"a controller in the cluster cannot write to {place}, which is a place of this machine"
        yield Problem(what, where, "name a server, or leave the setting out of the configuration of such runs")


def secret_values(config: Config) -> dict[str, str]:
    """Return the values of the secrets that the actions need, as far as they have one here.

    Args:
        config: The configuration.

    """
    found: dict[str, str] = {}
    for name in config.after_run.secrets:
        try:
            found[name] = value_of(name, config.secrets)
        except BadInput:
            continue
    return found
