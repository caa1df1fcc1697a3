"""CondaDependencies: the packages of an environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..documents import yamltext
from ..documents.nodes import Reading, plain
from ..errors import BadInput
from .exceptions import UserErrorException
from .text_file import text_file
from .written import items

Document = dict[str, object]
_PIP_OWN = ("-e", "--editable")
"""Lines of pip that begin like options and name packages."""
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?=$|[\s\[(=<>!~;@])")
"""The name that a requirement (PEP 508) or a conda match specification begins with."""
_BRACKETED = re.compile(r"\[.*version\s*=\s*['\"]([^'\"]+)")
"""The version in conda's ``python[version='3.8']``."""


class CondaDependencies:
    """Conda and pip packages, channels and pip options: what a ``conda.yml`` says."""

    def __init__(
        self, conda_dependencies_file_path: str | None = None, _underlying_structure: Mapping[str, object] | None = None
    ) -> None:
        self.conda: list[str] = []
        self.pip: list[str] = []
        self.channels: list[str] = []
        self.pip_options: list[str] = []
        self.python = ""
        """Empty: whatever the base has. v1 pins its own default version here."""
        if conda_dependencies_file_path is not None:
            path = Path(conda_dependencies_file_path)
            self._read(read_yaml(path, "conda file"), path.parent)
        elif _underlying_structure is not None:
            self._read(_underlying_structure, Path())

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str | None = None,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        """Packages given one by one."""
        made = CondaDependencies()
        for package in conda_packages or ():
            made.add_conda_package(package)
        for package in pip_packages or ():
            made.add_pip_package(package)
        if python_version:
            made.set_python_version(python_version)
        if pip_indexurl:
            made.set_pip_index_url(pip_indexurl)
        return made

    @staticmethod
    def merge_requirements(requirements: Iterable[str]) -> list[str]:
        """The requirements, the last one of each package."""
        return list({package_name(one): one for one in requirements}.values())

    @property
    def conda_packages(self) -> Iterable[str]:
        """Conda match specifications, Python left out."""
        return tuple(self.conda)

    @property
    def pip_packages(self) -> Iterable[str]:
        """Requirement strings."""
        return tuple(self.pip)

    @property
    def conda_channels(self) -> Iterable[str]:
        """Channels, first one first."""
        return tuple(self.channels)

    def add_conda_package(self, conda_package: str) -> None:
        """Add, or replace the package of that name."""
        if package_name(conda_package) == "python":
            self.python = _version(conda_package)
            return
        self.remove_conda_package(conda_package)
        self.conda.append(conda_package)

    def add_pip_package(self, pip_package: str) -> None:
        """Add, or replace the package of that name.

        A line such as ``--extra-index-url …`` is an option. ``-r FILE`` adds the packages that the file lists now: the
        file itself is not where the environment is made. Raises UserErrorException when it cannot be read.

        Args:
            pip_package: A line of a pip requirements file.

        """
        self._add_pip_line(pip_package, Path())

    def _add_pip_line(self, pip_package: str, folder: Path) -> None:
        from .requirements_file import included_file, read_requirements

        if name := included_file(pip_package):
            for line in read_requirements(folder / name):
                self._add_pip_line(line, folder)
            return
        if pip_package.startswith("-") and not pip_package.startswith(_PIP_OWN):
            self.set_pip_option(pip_package)
            return
        self.remove_pip_package(pip_package)
        self.pip.append(pip_package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove by name; an absent one is no error."""
        self.conda = [kept for kept in self.conda if package_name(kept) != package_name(conda_package)]

    def remove_pip_package(self, pip_package: str) -> None:
        """Remove by name; an absent one is no error."""
        self.pip = [kept for kept in self.pip if package_name(kept) != package_name(pip_package)]

    def add_tensorflow_conda_package(self, core_type: str = "cpu", version: str | None = None) -> None:
        """TensorFlow from conda, for ``cpu`` or ``gpu``."""
        self.add_conda_package(_tensorflow(core_type) + (f"={version}" if version else ""))

    def add_tensorflow_pip_package(self, core_type: str = "cpu", version: str | None = None) -> None:
        """TensorFlow from pip: since TensorFlow 2 one package serves ``cpu`` and ``gpu``."""
        _tensorflow(core_type)
        self.add_pip_package("tensorflow" + (f"=={version}" if version else ""))

    def add_channel(self, channel: str) -> None:
        """Add a conda channel."""
        if channel not in self.channels:
            self.channels.append(channel)

    def remove_channel(self, channel: str) -> None:
        """Remove a conda channel; an absent one is no error."""
        self.channels = [kept for kept in self.channels if kept != channel]

    def set_pip_option(self, pip_option: str) -> None:
        """Add a line such as ``--extra-index-url …``; ``-r FILE`` adds the packages of the file."""
        from .requirements_file import included_file

        if included_file(pip_option):
            self.add_pip_package(pip_option)
        elif pip_option not in self.pip_options:
            self.pip_options.append(pip_option)

    def remove_pip_option(self, pip_option: str) -> None:
        """Remove every option that begins like it; an absent one is no error."""
        name = pip_option.split(maxsplit=1)[0] if pip_option.split() else ""
        self.pip_options = [kept for kept in self.pip_options if kept.split()[0] != name]

    def set_pip_index_url(self, index_url: str) -> None:
        """Where pip looks for packages: the address, or ``--index-url ADDRESS``."""
        self.remove_pip_option("--index-url")
        self.set_pip_option(index_url if index_url.startswith("-") else f"--index-url {index_url}")

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Take these pip packages in place of all there are."""
        self.pip, self.pip_options = [], []
        for line in pip_requirements:
            self.add_pip_package(line)

    def get_python_version(self) -> str:
        """``3.11`` or ``3.11.4``; empty: whatever the base has."""
        return self.python

    def set_python_version(self, version: str) -> None:
        """``3.11`` or ``3.11.4``."""
        self.python = str(version)

    def as_dict(self) -> Document:
        """The document of a ``conda.yml``."""
        python = [f"python={self.python}"] if self.python else []
        pip = [*self.pip_options, *self.pip]
        listed: list[object] = [*python, *self.conda, *([{"pip": pip}] if pip else [])]
        return {"name": "project_environment", "channels": list(self.channels), "dependencies": listed}

    def serialize_to_string(self) -> str:
        """The text of a ``conda.yml``."""
        return to_yaml(self.as_dict())

    def save(self, path: str | None = None) -> str:
        """Write a ``conda.yml``; its path."""
        target = Path(path or "conda_dependencies.yml")
        target = target / "conda_dependencies.yml" if target.is_dir() else target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.serialize_to_string(), encoding="utf-8")
        return str(target)

    def save_to_file(self, base_directory: str, conda_file_path: str | None = None) -> str:
        """Write a ``conda.yml`` below a folder; its path there."""
        name = conda_file_path or "conda_dependencies.yml"
        self.save(str(Path(base_directory) / name))
        return name

    def _read(self, document: Mapping[str, object], folder: Path) -> None:
        """Take a document's packages; files that it names lie below `folder`."""
        self.channels = [str(channel) for channel in items(document.get("channels"))]
        for item in items(document.get("dependencies")):
            if isinstance(item, Mapping):
                for line in map(str, items(item.get("pip"))):
                    self._add_pip_line(line, folder)
            else:
                self.add_conda_package(str(item))


def package_name(requirement: str) -> str:
    """The package a requirement or match specification names, normalised (PEP 503); a path or an address is itself."""
    plain = requirement.strip().rpartition("::")[2]
    named = _NAMED.match(plain)
    return re.sub(r"[._]", "-", named[0].lower()) if named else plain


def _tensorflow(core_type: str) -> str:
    """Conda's name of it. Raises UserErrorException."""
    if core_type not in ("cpu", "gpu"):
        raise UserErrorException(f"core_type is {core_type!r}", remedy="it is 'cpu' or 'gpu'")
    return "tensorflow-gpu" if core_type == "gpu" else "tensorflow"


def _version(requirement: str) -> str:
    """The version a match specification of Python names; empty where today's Pythons meet it anyhow."""
    wish = requirement.strip().rpartition("::")[2][len("python") :]
    bracketed = _BRACKETED.search(wish)
    wish = (bracketed[1] if bracketed else wish).strip()
    version = re.split(r"[,=]", wish.strip(" =<>~!*."))[0].strip()
    lowest = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return "" if wish.startswith(">") and "<" not in wish and lowest <= (3, 10) else version


def to_yaml(document: Mapping[str, object]) -> str:
    """The document as YAML, its fields in their order."""
    import yaml

    return str(yaml.safe_dump(dict(document), sort_keys=False))


def read_yaml(path: Path, what: str) -> Mapping[str, object]:
    """The mapping in a YAML file, `what` to people. Raises UserErrorException."""
    reading = Reading(str(path))
    text = text_file(path, what)
    try:
        document = plain(yamltext.document(text, reading))
    except BadInput as error:
        raise _no_yaml(path, what, error) from error
    if reading.problems:
        raise _no_yaml(path, what, BadInput(reading.problems))
    if not isinstance(document, dict):
        raise UserErrorException(f"{what} {str(path)!r} holds no mapping")
    return document


def _no_yaml(path: Path, what: str, error: BadInput) -> UserErrorException:
    """All that is wrong with the file, each problem with its line."""
    told = "; ".join(f"{problem.what} ({problem.where})" for problem in error.problems)
    return UserErrorException(f"{what} {str(path)!r} is not YAML: {told}", error)
