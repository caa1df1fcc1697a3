"""v1's estimators of one framework: an Estimator that installs it, as v1's images had it installed."""

from __future__ import annotations

import sys

from .estimator import Estimator


class FrameworkEstimator(Estimator):
    """Adds the framework's package, of `framework_version` where a Python in use today can have it."""

    package = ""
    oldest: tuple[int, int] = (0, 0)
    """The first version that installs on Python 3.10."""

    def __init__(
        self, source_directory: str, *, framework_version: str | None = None, use_gpu: bool = False, **options: object
    ) -> None:
        for unused in _UNUSED:
            options.pop(unused, None)
        # v1's wide signature is Estimator's; it checks the names.
        super().__init__(source_directory, use_gpu=use_gpu, **options)  # type: ignore[arg-type]
        self.framework_version = framework_version
        packages = self.conda_dependencies
        if packages is not None and options.get("environment_definition") is None:
            packages.add_pip_package(self._requirement(framework_version))

    @classmethod
    def get_supported_versions(cls) -> list[str]:
        """Any version that the package index has."""
        return [f">={cls.oldest[0]}.{cls.oldest[1]}"]

    def _requirement(self, version: str | None) -> str:
        if version is None:
            return self.package
        parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        if parts >= self.oldest:
            return f"{self.package}=={version}.*" if len(version.split(".")) == 2 else f"{self.package}=={version}"
        print(
            f"{type(self).__name__}: framework_version {version} has no package for Python 3.10 or newer; "
            f"the newest {self.package} is used",
            file=sys.stderr,
        )
        return self.package


_UNUSED = ("_enable_optimized_mode", "_disable_validation", "_show_lint_warnings", "_show_package_warnings")


class TensorFlow(FrameworkEstimator):
    """An Estimator with TensorFlow."""

    package = "tensorflow"
    oldest = (2, 8)


class PyTorch(FrameworkEstimator):
    """An Estimator with PyTorch."""

    package = "torch"
    oldest = (1, 11)


class Chainer(FrameworkEstimator):
    """An Estimator with Chainer."""

    package = "chainer"
    oldest = (7, 8)


class SKLearn(FrameworkEstimator):
    """An Estimator with scikit-learn."""

    package = "scikit-learn"
    oldest = (1, 1)


class Mpi:
    """v1's distributed training by MPI: one process is possible."""

    def __init__(self, process_count_per_node: int = 1) -> None:
        self.process_count_per_node = process_count_per_node


class ParameterServer:
    """v1's distributed training by parameter servers: one worker is possible."""

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1) -> None:
        self.worker_count = worker_count
        self.parameter_server_count = parameter_server_count


class Gloo:
    """v1's distributed training of PyTorch over Gloo."""


class Nccl:
    """v1's distributed training of PyTorch over NCCL."""
