"""CondaDependencies: the packages of an environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Dict

from ...documents import yamltext
from ...documents.decoding import Findings
from ...errors import BadInput
from ...model.nodes import plain
from ...model.pip_line import anchored, file_line, project_and_version
from ..base.exceptions import UserErrorException
from ..base.json_access import items
from ..base.text_file import text_file

Document = Dict[str, object]
_PIP_OWN = ("-e", "--editable")
"""Lines of pip that begin like options and name packages."""
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?=$|[\s\[(=<>!~;@])")
"""The name that a requirement (PEP 508) or a conda match specification begins with."""
_BRACKETED = re.compile(r"\[.*version\s*=\s*['\"]([^'\"]+)")
"""The version in conda's ``python[version='3.8']``."""


class CondaDependencies:
    """Conda and pip packages, channels and pip options: the content of a ``conda.yml``.

    Example:
        >>> packages = CondaDependencies.create(pip_packages=["pandas", "scikit-learn==1.5.2"], python_version="3.11")
        >>> packages.add_pip_package("joblib")
        >>> config = RunConfiguration(conda_dependencies=packages)

    Args:
        conda_dependencies_file_path: A ``conda.yml`` to read. None: no packages.

    Raises:
        UserErrorException: The file cannot be read.

    """

    def __init__(
        self, conda_dependencies_file_path: str | None = None, _underlying_structure: Mapping[str, object] | None = None
    ) -> None:
        self.conda: list[str] = []
        self.pip: list[str] = []
        self.channels: list[str] = []
        self.pip_options: list[str] = []
        self.python = ""
        """Empty: that of the base image or machine. v1 pins its own default version here."""
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
        """Return dependencies from lists of packages.

        Args:
            pip_indexurl: The address of pip's package index. None: pip's own.
            pip_packages: Requirements such as ``"pandas==2.2.3"``. None: none.
            conda_packages: Conda's match specifications such as ``"scipy=1.14"``. None: none.
            python_version: ``"3.11"`` or ``"3.11.4"``. None: that of the base image or machine.
            pin_sdk_version: Accepted as in v1 and ignored: steps get ``azureml`` from runner.

        """
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
        """Return the requirements, of each package the last one.

        Args:
            requirements: The requirements.

        """
        return list({package_name(one): one for one in requirements}.values())

    @property
    def conda_packages(self) -> Iterable[str]:
        """The conda packages as match specifications, without Python."""
        return tuple(self.conda)

    @property
    def pip_packages(self) -> Iterable[str]:
        """The pip packages as requirements."""
        return tuple(self.pip)

    @property
    def conda_channels(self) -> Iterable[str]:
        """The channels in their order of priority."""
        return tuple(self.channels)

    def add_conda_package(self, conda_package: str) -> None:
        """Add a conda package, or replace the one of that name.

        Args:
            conda_package: A match specification; ``"python=3.11"`` sets the Python version.

        """
        if package_name(conda_package) == "python":
            self.python = _version(conda_package)
            return
        self.remove_conda_package(conda_package)
        self.conda.append(conda_package)

    def add_pip_package(self, pip_package: str) -> None:
        """Add a pip package, or replace the one of that name.

        Args:
            pip_package: A line of a requirements file. ``--extra-index-url ...`` is kept as an option; ``-r FILE`` adds
                the packages that the file lists now. The path of a wheel is relative to the current folder.

        Raises:
            UserErrorException: The file cannot be read.

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
        pip_package = pip_package if folder == Path() else anchored(pip_package, str(folder))
        self.remove_pip_package(pip_package)
        self.pip.append(pip_package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove a conda package; an absent one is no error.

        Args:
            conda_package: Its name, or a specification that begins with it.

        """
        self.conda = [kept for kept in self.conda if package_name(kept) != package_name(conda_package)]

    def remove_pip_package(self, pip_package: str) -> None:
        """Remove a pip package; an absent one is no error.

        Args:
            pip_package: Its name, or a requirement that begins with it.

        """
        self.pip = [kept for kept in self.pip if package_name(kept) != package_name(pip_package)]

    def add_tensorflow_conda_package(self, core_type: str = "cpu", version: str | None = None) -> None:
        """Add TensorFlow from conda.

        Args:
            core_type: ``"cpu"`` or ``"gpu"``. Default: cpu.
            version: The version. None: the newest.

        Raises:
            UserErrorException: `core_type` is another.

        """
        self.add_conda_package(_tensorflow(core_type) + (f"={version}" if version else ""))

    def add_tensorflow_pip_package(self, core_type: str = "cpu", version: str | None = None) -> None:
        """Add TensorFlow from pip. Since TensorFlow 2 one package serves CPU and GPU.

        Args:
            core_type: ``"cpu"`` or ``"gpu"``. Default: cpu.
            version: The version. None: the newest.

        Raises:
            UserErrorException: `core_type` is another.

        """
        _tensorflow(core_type)
        self.add_pip_package("tensorflow" + (f"=={version}" if version else ""))

    def add_channel(self, channel: str) -> None:
        """Add a conda channel after the others.

        Args:
            channel: The channel.

        """
        if channel not in self.channels:
            self.channels.append(channel)

    def remove_channel(self, channel: str) -> None:
        """Remove a conda channel; an absent one is no error.

        Args:
            channel: The channel.

        """
        self.channels = [kept for kept in self.channels if kept != channel]

    def set_pip_option(self, pip_option: str) -> None:
        """Add an option of pip.

        Args:
            pip_option: A line such as ``--extra-index-url ...``; ``-r FILE`` adds the packages of the file.

        """
        from .requirements_file import included_file

        if included_file(pip_option):
            self.add_pip_package(pip_option)
        elif pip_option not in self.pip_options:
            self.pip_options.append(pip_option)

    def remove_pip_option(self, pip_option: str) -> None:
        """Remove every option of that name; an absent one is no error.

        Args:
            pip_option: The option, with or without its value.

        """
        name = pip_option.split(maxsplit=1)[0] if pip_option.split() else ""
        self.pip_options = [kept for kept in self.pip_options if kept.split()[0] != name]

    def set_pip_index_url(self, index_url: str) -> None:
        """Set the package index of pip.

        Args:
            index_url: The address, or ``--index-url ADDRESS``.

        """
        self.remove_pip_option("--index-url")
        self.set_pip_option(index_url if index_url.startswith("-") else f"--index-url {index_url}")

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Replace all pip packages and options.

        Args:
            pip_requirements: Lines of a requirements file.

        """
        self.pip, self.pip_options = [], []
        for line in pip_requirements:
            self.add_pip_package(line)

    def get_python_version(self) -> str:
        """Return ``3.11`` or ``3.11.4``; empty: that of the base image or machine."""
        return self.python

    def set_python_version(self, version: str) -> None:
        """Set the Python version.

        Args:
            version: ``"3.11"`` or ``"3.11.4"``.

        """
        self.python = str(version)

    def as_dict(self) -> Document:
        """Return the content of the ``conda.yml``."""
        python = [f"python={self.python}"] if self.python else []
        pip = [*self.pip_options, *self.pip]
        listed: list[object] = [*python, *self.conda, *([{"pip": pip}] if pip else [])]
        return {"name": "project_environment", "channels": list(self.channels), "dependencies": listed}

    def serialize_to_string(self) -> str:
        """Return the text of the ``conda.yml``."""
        return to_yaml(self.as_dict())

    def save(self, path: str | None = None) -> str:
        """Write a ``conda.yml``.

        Args:
            path: The file, or its folder. None: ``conda_dependencies.yml`` in the current folder.

        Returns:
            The file's path.

        """
        target = Path(path or "conda_dependencies.yml")
        target = target / "conda_dependencies.yml" if target.is_dir() else target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.serialize_to_string(), encoding="utf-8")
        return str(target)

    def save_to_file(self, base_directory: str, conda_file_path: str | None = None) -> str:
        """Write a ``conda.yml`` below a folder.

        Args:
            base_directory: The folder.
            conda_file_path: The path in it. None: ``conda_dependencies.yml``.

        Returns:
            The path in the folder.

        """
        name = conda_file_path or "conda_dependencies.yml"
        self.save(str(Path(base_directory) / name))
        return name

    def _read(self, document: Mapping[str, object], folder: Path) -> None:
        """Add a document's packages; files that it names lie below `folder`."""
        self.channels = [str(channel) for channel in items(document.get("channels"))]
        for item in items(document.get("dependencies")):
            if isinstance(item, Mapping):
                for line in map(str, items(item.get("pip"))):
                    self._add_pip_line(line, folder)
            else:
                self.add_conda_package(str(item))


def package_name(requirement: str) -> str:
    """Return the package that a requirement or match specification names, normalised (PEP 503).

    Args:
        requirement: The requirement. A wheel names its project; another path or address is returned as it is.

    """
    local = file_line(requirement)
    found = project_and_version(local.path.rpartition("/")[2]) if local and local.is_wheel else None
    plain = found[0] if found else requirement.strip().rpartition("::")[2]
    named = _NAMED.match(plain)
    return re.sub(r"[._]", "-", named[0].lower()) if named else plain


def _tensorflow(core_type: str) -> str:
    """Return conda's name of TensorFlow. Raises UserErrorException."""
    if core_type not in ("cpu", "gpu"):
        raise UserErrorException(f"core_type is {core_type!r}", remedy="it is 'cpu' or 'gpu'")
    return "tensorflow-gpu" if core_type == "gpu" else "tensorflow"


def _version(requirement: str) -> str:
    """Return the version that a match specification of Python names; empty if today's Pythons meet it anyhow."""
    wanted = requirement.strip().rpartition("::")[2][len("python") :]
    bracketed = _BRACKETED.search(wanted)
    wanted = (bracketed[1] if bracketed else wanted).strip()
    version = re.split(r"[,=]", wanted.strip(" =<>~!*."))[0].strip()
    lowest = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return "" if wanted.startswith(">") and "<" not in wanted and lowest <= (3, 10) else version


def to_yaml(document: Mapping[str, object]) -> str:
    """Return the document as YAML, its fields in their order.

    Args:
        document: The document.

    """
    import yaml

    return str(yaml.safe_dump(dict(document), sort_keys=False))


def read_yaml(path: Path, what: str) -> Mapping[str, object]:
    """Return the mapping of a YAML file.

    Args:
        path: The file.
        what: The kind of file, for messages.

    Raises:
        UserErrorException: It cannot be read, or holds no mapping.

    """
    findings = Findings()
    text = text_file(path, what)
    try:
        document = plain(yamltext.document(text, str(path), findings))
        findings.check()
    except BadInput as error:
        raise _no_yaml(path, what, error) from error
    if not isinstance(document, dict):
        raise UserErrorException(f"{what} {str(path)!r} holds no mapping")
    return document


def _no_yaml(path: Path, what: str, error: BadInput) -> UserErrorException:
    """Return the error that lists every problem of the file with its line."""
    problems = "; ".join(f"{problem.what} ({problem.where})" for problem in error.problems)
    return UserErrorException(f"{what} {str(path)!r} is not YAML: {problems}", error)
