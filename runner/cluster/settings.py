"""The files `cluster up` leaves on this machine: the configuration's entry, the token, the keys."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

from ..documents import files
from ..errors import BadInput
from ..model.document import Document
from .options import BUCKET, CLUSTER_ENDPOINT, STEPS_NAMESPACE, ClusterOptions, endpoint


def target_entry(options: ClusterOptions, port: int) -> Document:
    """The configuration of the cluster; other settings are left to the user."""
    return {
        "type": "kubernetes",
        "kubeconfig": str(options.kubeconfig),
        "context": options.name,
        "namespace": STEPS_NAMESPACE,
        "kind_cluster": options.name,
        "store": {
            "bucket": BUCKET,
            "region": "us-east-1",
            "endpoint": endpoint(port),
            "cluster_endpoint": CLUSTER_ENDPOINT,
            "credentials": str(options.credentials),
        },
    }


def with_target(configuration: Document, name: str, entry: Document) -> Document:
    """The configuration with `entry` as that target; the user's other settings stay, also inside it."""
    return _merged(configuration, {"targets": {name: entry}})


def check_free(configuration: Document, options: ClusterOptions, clusters: Sequence[str]) -> None:
    """Raise BadInput when the target's name stands for something else than this cluster, or one that is gone."""
    entry = (configuration.get("targets") or {}).get(options.target)
    if entry is None:
        return
    cluster = entry.get("kind_cluster", "") if isinstance(entry, dict) else ""
    if not cluster or (cluster != options.name and cluster in clusters):
        raise BadInput(
            f"the target {options.target} is " + (f"the kind cluster {cluster}" if cluster else "no kind cluster"),
            f"{options.configuration}: targets.{options.target}",
            f"choose another name for this one: runner cluster up --name {options.name} --target NAME",
        )


def without_target(configuration: Document, name: str, cluster: str) -> Document:
    """The configuration without that target, if it is the cluster's."""
    out = deepcopy(configuration)
    targets = out.get("targets") or {}
    if (targets.get(name) or {}).get("kind_cluster") == cluster:
        del targets[name]
        if not targets:
            del out["targets"]
    return out


def read_document(path: Path) -> Document:
    """The mapping a YAML or JSON file holds; empty when there is no file. Raises BadInput."""
    import yaml

    try:
        document = yaml.safe_load(files.text(path) or "") or {}
    except (yaml.YAMLError, RecursionError) as error:
        raise BadInput(f"the file cannot be read: {error}", str(path), "mend or remove it") from error
    if not isinstance(document, dict):
        raise BadInput("the file does not hold a mapping", str(path), "mend or remove it")
    return document


def write_document(path: Path, document: Document) -> bool:
    """Make the file say `document`, as JSON or YAML by its suffix; False when it did already.

    It is replaced in one step by one that only its owner can read. Comments are lost. Raises BadInput.
    """
    try:
        if path.is_file() and read_document(path) == document:
            return False
        _replace(path, _written(path, document))
    except OSError as error:
        raise BadInput(f"the file cannot be written: {error}", str(path), "make its folder writable") from error
    return True


def remove_file(path: Path) -> None:
    """Remove the file; an absent one is no error. Raises BadInput."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"the file cannot be removed: {error}", str(path), "remove it by hand") from error


def _written(path: Path, document: Document) -> str:
    import yaml

    if path.suffix == ".json":
        return json.dumps(document, indent=2) + "\n"
    return yaml.safe_dump(document, sort_keys=False)


def _replace(path: Path, text: str) -> None:
    # A link (dotfiles kept elsewhere) stays a link.
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file with mode 0600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _merged(old: Document, new: Mapping[str, Document]) -> Document:
    out = dict(old) if isinstance(old, dict) else {}
    for key, value in new.items():
        out[key] = _merged(out.get(key), value) if isinstance(value, Mapping) else value
    return out
