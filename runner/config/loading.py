"""Reading the two configuration files and putting the workspace's over the machine's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..documents import files, v1_workspace
from ..documents.fitting import Findings, overlaid, table
from ..documents.nodes import Leaf, Node, Reading, Table, plain, unknown
from ..model.compute import ComputeSettings, VmSize
from . import sections
from .settings import LOCAL, Config, EnvironmentConfig, ProcessConfig

_MARKS = ("runner.yaml", ".runner", ".azureml/config.json")
"""What makes a folder a workspace. A bare ``.azureml`` does not: v1 caches logins in the home folder's."""
_KNOWN = ("name", "target", "targets", "environments", "computes", "vm_sizes", "secrets", "datastores", "access")
_TYPED = ("targets", "datastores")
"""Sections whose entries have a ``type``: an entry of another type replaces the machine's as a whole."""


def machine_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The machine-wide configuration file's place; it need not exist."""
    if environ.get("RUNNER_CONFIG"):
        return Path(environ["RUNNER_CONFIG"])
    home = environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")  # noqa: PTH111, PTH118
    return Path(home, "runner", "config.yaml")


def find_root(start: Path) -> Path:
    """The nearest ancestor (or `start`) that is a workspace; else `start` itself."""
    for folder in (start, *start.parents):
        if any(os.path.exists(folder / mark) for mark in _MARKS):  # noqa: PTH110 - Path.exists raises where it may not look
            return folder
    return start


def load(start: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration that holds in `start`.

    Args:
        start: A folder in the workspace.
        environ: Says where the machine-wide file lies.

    Returns:
        The workspace's file over the machine-wide one, field by field.

    Raises:
        BadInput: With all problems of both files, each with its file, line and field.
    """
    root = find_root(start.resolve())
    findings = Findings()
    machine, own = _read(machine_file(environ), findings), _read(root / "runner.yaml", findings)
    findings.check()
    stated_name = machine.get("name")
    if stated_name:
        what = "the machine-wide file cannot name the workspace: every folder would be the same one"
        findings.wrong(stated_name, "name", what, f"write it into {root / 'runner.yaml'}")
    whole = overlaid(machine, own, whole=_replaces)
    config = _config(root, table(whole, "", findings), findings)
    access = (sections.access(each.get("access"), "", findings) for each in (machine, own))
    config = replace(config, access=next(access).joined(next(access)))
    findings.check()
    targets = {each: replace(one, access=one.access.joined(config.access)) for each, one in config.targets.items()}
    name, file = (config.name, str(root / "runner.yaml")) if config.name else v1_workspace.workspace_name(root)
    return replace(config, name=name, named_in=file, own=_names(own.get("targets")), targets=targets)


def _read(path: Path, findings: Findings) -> Table:
    """The mapping that a file holds; an empty one for an absent or an empty file. Raises BadInput."""
    text = files.text(path)
    if not text:
        return Table((), 1, str(path))
    from ..documents import yamltext

    reading = Reading(str(path))
    node = yamltext.document(text, reading)
    findings.add(node, reading.problems)
    return table(node, "", findings)


def _replaces(path: str, below: Table, above: Table) -> bool:
    """Whether an entry of the workspace's file replaces the machine's as a whole."""
    section, _, name = path.partition(".")
    if section == "secrets":
        return bool(name)
    kinds = [plain(kind) for kind in (below.get("type"), above.get("type")) if kind is not None]
    return section in _TYPED and bool(name) and "." not in name and len(kinds) == 2 and kinds[0] != kinds[1]


def _config(root: Path, document: Table, findings: Findings) -> Config:
    for entry in document.entries:
        if entry.key not in _KNOWN:
            findings.wrong(entry.node, entry.key, *unknown("field", entry.key, _KNOWN))
    return Config(
        root,
        name=sections.words(document.get("name"), "name", findings),
        target=sections.words(document.get("target"), "target", findings),
        targets={LOCAL: ProcessConfig(), **sections.targets(document.get("targets"), findings)},
        environments=sections.named(EnvironmentConfig, document.get("environments"), "environments", findings),
        computes=sections.named(ComputeSettings, document.get("computes"), "computes", findings),
        vm_sizes=sections.named(VmSize, document.get("vm_sizes"), "vm_sizes", findings),
        secrets=sections.secrets(document.get("secrets"), findings),
        datastores=sections.datastores(document.get("datastores"), findings),
    )


def _names(node: Node | None) -> frozenset[str]:
    entries = node.entries if isinstance(node, Table) else ()
    return frozenset(each.key for each in entries if not (isinstance(each.node, Leaf) and each.node.value is None))
