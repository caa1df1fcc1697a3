"""The reader of the two configuration files: it puts the workspace's over the machine's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..documents import files, v1_workspace
from ..documents.decoding import Findings, overlaid, table
from ..model.compute import ComputeSettings, VmSize
from ..model.nodes import Node, Place, Table, is_null, plain
from ..model.reading import unknown
from . import after_run_sections, sections
from .settings import LOCAL, LOCAL_TYPE, Config, EnvironmentConfig
from .store import StoreTypes
from .target import TargetTypes

_MARKS = ("runner.yaml", ".runner", ".azureml/config.json")
"""Marks of a workspace's folder. A bare ``.azureml`` is none: v1 caches logins in that of the home folder."""
_KNOWN = ("name", "target", "targets", "environments", "computes", "vm_sizes", "secrets", "datastores", "access",
          "packages_until", "keep", "detach", "serve", "report", "mlflow", "opentelemetry", "openlineage")  # fmt: skip
_TYPED = ("targets", "datastores")
"""Sections whose entries have a ``type``: an entry of another type replaces the machine's as a whole."""


def machine_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the machine-wide configuration file. It need not exist."""
    if environ.get("RUNNER_CONFIG"):
        return Path(environ["RUNNER_CONFIG"])
    home = environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")  # noqa: PTH111, PTH118
    return Path(home, "runner", "config.yaml")


def find_root(start: Path) -> Path:
    """Return the nearest folder from `start` upwards that is a workspace. Default: `start` itself."""
    for folder in (start, *start.parents):
        if any(os.path.exists(folder / mark) for mark in _MARKS):  # noqa: PTH110 - Path.exists raises where it may not look
            return folder
    return start


def load(start: Path, types: TargetTypes, stores: StoreTypes, environ: Mapping[str, str] = os.environ) -> Config:
    """Return the configuration of the workspace around `start`.

    Args:
        start: A folder in the workspace.
        types: The classes of compute targets by their ``type:``.
        stores: The classes of datastores by their ``type:``.
        environ: The variables that name the machine-wide file. Default: those of this process.

    Returns:
        The workspace's file over the machine-wide one, field by field.

    Raises:
        BadInput: With all problems of both files, each with its file, line and field.
    """
    root = find_root(start.resolve())
    findings = Findings()
    machine, own = _read(machine_file(environ), findings), _read(root / "runner.yaml", findings)
    findings.check()
    name = machine.at("name")
    if name:
        what = "the machine-wide file cannot name the workspace: every folder would be the same one"
        findings.wrong(name.place, what, f"write it into {root / 'runner.yaml'}")
    whole = overlaid(machine, own, whole=_replaces)
    config = _config(root, table(whole, findings), types, stores, findings)
    access = [sections.access(each.at("access"), findings) for each in (machine, own)]
    config = replace(config, access=access[0].joined(access[1]))
    findings.check()
    targets = {each: replace(one, access=one.access.joined(config.access)) for each, one in config.targets.items()}
    called, file = (config.name, str(root / "runner.yaml")) if config.name else v1_workspace.workspace_name(root)
    return replace(config, name=called, named_in=file, own=_names(own.at("targets")), targets=targets)


def _read(path: Path, findings: Findings) -> Table:
    """Return the mapping that a file holds; an empty one for an absent or an empty file. Raises BadInput."""
    text = files.text(path)
    if not text:
        return Table({}, Place(str(path), 1))
    from ..documents import yamltext

    return table(yamltext.document(text, str(path), findings), findings)


def _replaces(below: Table, above: Table) -> bool:
    """Return True if an entry of the workspace's file replaces the machine's as a whole."""
    section, _, name = above.place.path.partition(".")
    if section == "secrets":
        return bool(name)
    kinds = [plain(kind) for kind in (below.at("type"), above.at("type")) if kind is not None]
    return section in _TYPED and bool(name) and "." not in name and len(kinds) == 2 and kinds[0] != kinds[1]


def _config(root: Path, document: Table, types: TargetTypes, stores: StoreTypes, findings: Findings) -> Config:
    for key, node in document.items():
        if key not in _KNOWN:
            findings.wrong(node.place, *unknown("field", key, _KNOWN))
    return Config(
        root=root,
        name=sections.name(document.at("name"), findings),
        target=sections.name(document.at("target"), findings),
        targets={LOCAL: types[LOCAL_TYPE](), **sections.targets(document.at("targets"), types, findings)},
        environments=sections.named(EnvironmentConfig, document.at("environments"), findings),
        packages_until=sections.date(document.at("packages_until"), findings),
        computes=sections.named(ComputeSettings, document.at("computes"), findings),
        vm_sizes=sections.named(VmSize, document.at("vm_sizes"), findings),
        secrets=sections.secrets(document.at("secrets"), findings),
        datastores=sections.datastores(document.at("datastores"), stores, findings),
        keep=sections.keep(document.at("keep"), findings),
        detach=sections.switch(document.at("detach"), findings),
        serve=sections.serve(document.at("serve"), findings),
        after_run=after_run_sections.after_run(document, findings),
    )


def _names(node: Node | None) -> frozenset[str]:
    return frozenset(key for key, each in node.items() if not is_null(each)) if isinstance(node, Table) else frozenset()
