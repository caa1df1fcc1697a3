"""v1's estimators of one framework: an Estimator that installs the framework's package."""

from __future__ import annotations

import sys

from .estimator import Estimator


class FrameworkEstimator(Estimator):
    """An Estimator that also installs its framework's package.

    Args:
        source_directory: The folder that is stored as the snapshot.
        framework_version: The framework's version, for example ``"2.15"``. None, or a version without a package for
            Python 3.10 or newer (with a line on standard error): the newest.
        use_gpu: Accepted as in v1 and ignored. Default: False.
        **options: The parameters of Estimator.

    """

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
        """Return the versions as one requirement: any version that the package index has."""
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
