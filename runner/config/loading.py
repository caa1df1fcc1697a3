"""Reading the two configuration files and putting the workspace's over the machine's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..datastores import check_bucket, read_datastores
from ..documents import v1_workspace
from ..errors import BadInput, Problem
from ..model.access import Access
from ..model.compute import ComputeSettings, VmSize, Wish, quantity_problems
from ..model.document import Document, from_document
from ..model.policy import StepPolicy
from ..model.secret import SecretSource, located, source_problems
from ..model.stated import fields_of, stated
from .settings import LOCAL, Config, EnvironmentConfig, KubernetesConfig, ProcessConfig, TargetConfig

_MARKS = ("runner.yaml", ".runner", ".azureml/config.json")
"""What makes a folder a workspace. A bare ``.azureml`` does not: v1 caches logins in the home folder's."""
_GROUPS: Mapping[str, type] = {"policy": StepPolicy, "resources": Wish, "access": Access}
_WORDS = (*_GROUPS, "tolerations")
"""Fields of a target that are written and checked as the words of a step are."""
_TYPES: Mapping[str, type[ProcessConfig | KubernetesConfig]] = {
    "process": ProcessConfig,
    "kubernetes": KubernetesConfig,
}


def machine_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The machine-wide configuration file's place; it need not exist."""
    if environ.get("RUNNER_CONFIG"):
        return Path(environ["RUNNER_CONFIG"])
    home = environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")  # noqa: PTH111, PTH118
    return Path(home, "runner", "config.yaml")


def find_root(start: Path) -> Path:
    """The nearest ancestor (or `start`) that is a workspace; else `start` itself."""
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in _MARKS):
            return folder
    return start


def load(start: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration that holds in `start`. Raises BadInput naming file and field."""
    root = find_root(start.resolve())
    machine, own = _read_yaml(machine_file(environ)), _read_yaml(root / "runner.yaml")
    config = Config(root, targets={LOCAL: ProcessConfig()})
    if "name" in machine:
        raise BadInput(
            "the machine-wide file cannot name the workspace: every folder would be the same one",
            f"{machine_file(environ)}: name",
            f"write it into {root / 'runner.yaml'}",
        )
    config = _add(config, machine, str(machine_file(environ)))
    config = _add(config, own, str(root / "runner.yaml"))
    named = own.get("targets") or {}
    own_names = frozenset(named) if isinstance(named, dict) else frozenset()
    targets = {each: replace(one, access=one.access.joined(config.access)) for each, one in config.targets.items()}
    name, file = (config.name, str(root / "runner.yaml")) if config.name else v1_workspace.workspace_name(root)
    return replace(config, name=name, named_in=file, own=own_names, targets=targets)


def _read_yaml(path: Path) -> dict[str, Document]:
    text = _read_text(path)
    if not text:
        return {}
    import yaml

    try:
        document = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        raise BadInput(f"not valid YAML: {error}", where=str(path), remedy="correct the file") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise BadInput("expected a mapping", where=str(path), remedy="see docs/configuration.md")
    return document


def _read_text(path: Path) -> str:
    """The file's text; empty when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except PermissionError as error:
        if not os.access(path.parent, os.X_OK):  # another user's home folder: this user has no file there
            return ""
        raise BadInput(f"cannot be read: {error.strerror}", str(path), "make it readable, or remove it") from error
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", str(path), "make it readable, or remove it") from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"not UTF-8 text: {error.reason} at byte {error.start}", str(path), "save it as UTF-8"
        ) from error


def _add(config: Config, document: Mapping[str, Document], where: str) -> Config:
    known = {"name", "target", "targets", "environments", "computes", "vm_sizes", "secrets", "datastores", "access"}
    problems = [
        Problem(f"unknown field '{name}'; known: {', '.join(sorted(known))}", where, "correct or remove it")
        for name in document
        if name not in known
    ]
    targets = dict(config.targets)
    written = document.get("targets") or {}
    if not isinstance(written, dict):
        problems.append(Problem("expected a mapping of names to targets", f"{where}: targets", "correct the file"))
        written = {}
    for name, item in written.items():
        try:
            targets[name] = _target(item, f"{where}: targets.{name}")
        except BadInput as error:
            problems.extend(error.problems)
    access, wrong = _access(document.get("access") or {}, f"{where}: access")
    problems += wrong
    if problems:
        raise BadInput(problems)
    environments = from_document(
        dict[str, EnvironmentConfig], document.get("environments") or {}, f"{where}: environments"
    )
    computes = from_document(dict[str, ComputeSettings], document.get("computes") or {}, f"{where}: computes")
    vm_sizes = from_document(dict[str, VmSize], document.get("vm_sizes") or {}, f"{where}: vm_sizes")
    secrets = from_document(dict[str, SecretSource], document.get("secrets") or {}, f"{where}: secrets")
    faults = (*quantity_problems(computes, vm_sizes, where), *source_problems(secrets, where))
    if faults:
        raise BadInput(faults)
    return replace(
        config,
        name=str(document.get("name") or config.name),
        target=str(document.get("target") or config.target),
        targets=targets,
        environments={**config.environments, **environments},
        computes={**config.computes, **computes},
        vm_sizes={**config.vm_sizes, **vm_sizes},
        secrets={**config.secrets, **located(secrets, Path(where).parent)},
        datastores={**config.datastores, **read_datastores(document.get("datastores") or {}, Path(where))},
        access=config.access.joined(access),
    )


def _access(group: Document, where: str) -> tuple[Access, tuple[Problem, ...]]:
    """Read the workspace's own ``access``; also return what is wrong with it."""
    inner, strange = _inside(group, fields_of(Access), where)
    said, wrong = stated(inner, f"{where}.{{}}".format)
    return said.access, (*strange, *wrong)


def _target(item: Document, where: str) -> TargetConfig:
    if not isinstance(item, dict) or item.get("type") not in _TYPES:
        raise BadInput(f"a target needs 'type': one of {', '.join(_TYPES)}", where, "correct the file")
    shape = _TYPES[item["type"]]
    words = {name: item[name] for name in _WORDS if name in item and name in fields_of(shape)}
    target = from_document(shape, {name: item[name] for name in item if name not in (*words, "type")}, where)
    if isinstance(target, KubernetesConfig):
        check_bucket(target.store, f"{where}.store")
    return _worded(target, words, where)


def _worded(target: TargetConfig, words: Mapping[str, Document], where: str) -> TargetConfig:
    """The target with what it says of its steps, which is written as everywhere else. Raises BadInput."""
    problems: list[Problem] = []
    flat = {name: words[name] for name in words if name not in _GROUPS}
    places = {name: f"{where}.{name}" for name in flat}
    for group in words.keys() - flat.keys():
        inner, wrong = _inside(words[group], fields_of(_GROUPS[group]), f"{where}.{group}")
        problems += wrong
        flat |= inner
        places |= {name: f"{where}.{group}.{name}" for name in inner}
    said, wrong = stated(flat, places.__getitem__)
    problems += wrong
    if problems:
        raise BadInput(problems)
    if isinstance(target, KubernetesConfig):
        target = replace(target, resources=said.wish, tolerations=said.placement.tolerations)
    return replace(target, policy=said.policy, access=said.access)


def _inside(group: Document, known: tuple[str, ...], where: str) -> tuple[dict[str, Document], tuple[Problem, ...]]:
    """What a mapping says of known fields, and what is wrong with the rest."""
    if not isinstance(group, dict):
        return {}, (Problem("expected a mapping", where, f"write its fields: {', '.join(known)}"),)
    strange = [name for name in group if name not in known]
    listed = ", ".join(known)
    wrong = (Problem(f"unknown field '{name}'; known: {listed}", where, "correct or remove it") for name in strange)
    return {name: value for name, value in group.items() if name in known}, tuple(wrong)
