"""RScriptStep: an R script with arguments."""

from __future__ import annotations

import copy
import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...override import override
from ..environments.environment import Environment
from ..environments.sections import DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE, RCranPackage, RGitHubPackage, RSection
from ..runconfig.run_configuration import RunConfiguration
from .base import PipelineStep
from .settings import settings_of

_CRAN = re.compile(r"[A-Za-z][A-Za-z0-9.]*")
_GITHUB = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")


class RScriptStep(PipelineStep):
    """A step that runs ``Rscript script_name arguments...`` in a private copy of `source_directory`.

    Rscript is the one of the step's image; on this machine the one of the PATH. A step without Rscript is refused
    before anything runs. The image needs Python 3.8 or newer as well, which stages the data.
    Deprecated in v1 in favour of CommandStep.

    Args:
        script_name: The script, as a path relative to `source_directory`.
        name: The step's name, in messages and in ``runner status``. None: `script_name`.
        arguments: Items of the command line; see PythonScriptStep. None: no arguments.
        compute_target: A ComputeTarget or its name. None: the target of `runconfig`, else the configured default.
        runconfig: A RunConfiguration. Its ``environment.docker.base_image`` names an image with R, its
            ``environment.r`` has packages to install in that image. None: the default environment.
        runconfig_pipeline_params: Counts of nodes and processes as PipelineParameter; see PythonScriptStep. None: none.
        inputs: Data that the script reads; see PythonScriptStep. None: none.
        outputs: Data that the script writes; see PythonScriptStep. None: none.
        params: Values for ``AML_PARAMETER_<name>`` in the environment; see PythonScriptStep. None: none.
        source_directory: The folder that is stored as the step's snapshot.
            None: the pipeline's `default_source_directory`, else the current folder.
        use_gpu: Accepted as in v1 and ignored: the image decides.
        custom_docker_image: An image with R, in place of the one of `runconfig`. None: that one.
        cran_packages: Packages of CRAN, as names or RCranPackage, installed on top of the image by the repository
            that its R is configured with. They need an image. On this machine they are those of its own R. None: none.
        github_packages: Packages of GitHub, as ``owner/name`` or RGitHubPackage; likewise. None: none.
        custom_url_packages: Addresses of package archives; likewise. None: none.
        allow_reuse: True: an equal step of an earlier run takes the place of this one. Default: True.
        version: A label that counts for reuse: a step with another version runs again. None: none.

    Raises:
        ValueError: There is no `script_name`, packages are given without an image, or a package has no valid name.

    """

    def __init__(
        self,
        script_name: str,
        name: str | None = None,
        arguments: Sequence[object] | None = None,
        compute_target: object = None,
        runconfig: RunConfiguration | None = None,
        runconfig_pipeline_params: Mapping[str, object] | None = None,
        inputs: Sequence[object] | None = None,
        outputs: Sequence[object] | None = None,
        params: Mapping[str, object] | None = None,
        source_directory: str | None = None,
        use_gpu: bool = False,
        custom_docker_image: str | None = None,
        cran_packages: Sequence[object] | None = None,
        github_packages: Sequence[object] | None = None,
        custom_url_packages: Sequence[str] | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
    ) -> None:
        warnings.warn("RScriptStep is deprecated: use CommandStep", DeprecationWarning, stacklevel=2)
        if not script_name or not isinstance(script_name, str):
            raise ValueError("RScriptStep: script_name is required")
        self.script_name = script_name
        self.version = version
        config = runconfig or RunConfiguration()
        settings = settings_of(
            config,
            compute_target,
            source_directory=source_directory,
            script=script_name,
            reuse=allow_reuse,
            version=version,
            pipeline_params=runconfig_pipeline_params,
        )
        section = RSection()
        section.cran_packages = list(cran_packages or ())
        section.github_packages = list(github_packages or ())
        section.custom_url_packages = list(custom_url_packages or ())
        environment = with_r(config.environment, custom_docker_image or "", section)
        super().__init__(
            script_name if name in (None, "") else name,
            inputs,
            outputs,
            arguments=arguments,
            params=params,
            settings=replace(settings, environment=environment),
        )

    @override
    def command(self) -> list[object]:
        """Return Rscript, the script and its arguments."""
        return ["Rscript", self.script_name, *self.arguments]


def with_r(environment: Environment, image: str, more: RSection) -> Environment:
    """Return the environment of an R script: its image used as it is, with R packages on top.

    Args:
        environment: The environment; it is not changed.
        image: An image in place of the environment's own; empty: that one.
        more: Packages in addition to those of ``environment.r``.

    Raises:
        ValueError: Packages are given without an image, or a package has no valid name.

    """
    made = copy.deepcopy(environment)
    if image:
        made.docker.base_image, made.docker.base_dockerfile = image, None
    base = made.docker.base_image
    own = bool(made.docker.base_dockerfile or (base and base not in (DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE)))
    section = made.r or RSection()
    urls = [*section.custom_url_packages, *more.custom_url_packages]
    lines = [
        *_cran([*section.cran_packages, *more.cran_packages]),
        *_github([*section.github_packages, *more.github_packages]),
        *(_run(f"options(warn=2); install.packages({json.dumps(url)}, repos=NULL)") for url in urls),
    ]
    if lines and not own:
        raise ValueError(
            "RScriptStep: R packages are installed on top of an image that has R, and none is named: "
            "set environment.docker.base_image or custom_docker_image"
        )
    if own:
        made.python.user_managed_dependencies = True  # as in v1: nothing is installed for Python
    if lines:
        head = made.docker.base_dockerfile or f"FROM {_full_name(made)}"
        made.docker.base_dockerfile = "\n".join([head.rstrip(), *lines, ""])
        made.docker.base_image = None
    return made


def _full_name(environment: Environment) -> str:
    image, address = str(environment.docker.base_image), environment.docker.base_image_registry.address
    return f"{address}/{image}" if address and not image.startswith(f"{address}/") else image


def _cran(packages: Iterable[object]) -> list[str]:
    """Return the lines of a Dockerfile that install packages of CRAN."""
    lines: list[str] = []
    for item in packages:
        package = item if isinstance(item, RCranPackage) else RCranPackage(str(item))
        name = json.dumps(_valid(package.name, _CRAN, "a CRAN package"))
        source = f", repos={json.dumps(package.repository)}" if package.repository else ""
        version = f", version={json.dumps(package.version)}" if package.version else ""
        function = "remotes::install_version" if version else "install.packages"
        lines += [_REMOTES] if version and _REMOTES not in lines else []
        lines.append(_run(f"{function}({name}{version}{source}); stopifnot(requireNamespace({name}))"))
    return lines


def _github(packages: Iterable[object]) -> list[str]:
    """Return the lines of a Dockerfile that install packages of GitHub."""
    lines: list[str] = []
    for item in packages:
        package = item if isinstance(item, RGitHubPackage) else RGitHubPackage(str(item))
        if package.auth_token:
            raise ValueError("RScriptStep: auth_token of a GitHub package would be stored in clear text: use an image")
        name = json.dumps(_valid(package.repository, _GITHUB, "a GitHub package"))
        lines += [] if lines else [_REMOTES]
        lines.append(_run(f"remotes::install_github({name})"))
    return lines


def _run(expression: str) -> str:
    """Return the line of a Dockerfile that evaluates an expression of R, by Docker's form without a shell."""
    return f"RUN {json.dumps(['Rscript', '-e', expression])}"


_REMOTES = _run('install.packages("remotes"); stopifnot(requireNamespace("remotes"))')
"""R's own installer only warns of a package that it cannot install. The name of a package behind a URL is unknown, so
``warn=2`` makes such warnings errors there."""


def _valid(name: object, rule: re.Pattern[str], what: str) -> str:
    if not isinstance(name, str) or not rule.fullmatch(name):
        raise ValueError(f"RScriptStep: {name!r} is not the name of {what}")
    return name
