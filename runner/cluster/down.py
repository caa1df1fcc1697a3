"""`runner cluster down`: the local cluster and every trace of it on this machine, gone."""

from __future__ import annotations

from collections.abc import Callable

from ..compute.kubernetes.programs import engine_version, kind_clusters
from . import kind, settings
from .options import ClusterOptions


def down(options: ClusterOptions, notify: Callable[[str], None]) -> None:
    """Delete the cluster with its data, its files and its target; what is not there is no error.

    Raises BadInput (a program missing, the configuration unreadable) and TargetError.
    """
    configuration = settings.read_document(options.configuration)
    engine_version()
    there = options.name in kind_clusters()
    if there:
        notify(f"deleting the kind cluster {options.name} with the data in it")
        kind.delete_cluster(options.name)
    _forget(options, configuration)
    notify(f"cluster {options.name} is {'gone' if there else 'not there'}")


def _forget(options: ClusterOptions, configuration: dict[str, object]) -> None:
    rest = settings.without_target(configuration, options.target, options.name)
    if rest != configuration:
        if rest:
            settings.write_document(options.configuration, rest)
        else:
            settings.remove_file(options.configuration)
    for path in (options.kubeconfig, options.credentials):
        settings.remove_file(path)
