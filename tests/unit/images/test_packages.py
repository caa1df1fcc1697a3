from __future__ import annotations

from typing import Any

import pytest

from runner.images.packages import Packages, normal_name, python_minor, read
from runner.model.environment import EnvironmentSpec, NamedEnvironment


def packages(**spec: Any) -> Packages:
    return read(NamedEnvironment("env", EnvironmentSpec(**spec)))


def test_pip_lines_stay_in_order_and_once() -> None:
    assert packages(pip=("b==1", " a ", "", "# no", "b==1")).requirements == ("b==1", "a")


def test_conda_comes_first_and_is_said() -> None:
    read_ = packages(conda=("numpy=1.2", "pip"), pip=("six",))
    assert read_.requirements == ("numpy==1.2.*", "six")
    assert read_.notes == ("environment 'env': conda packages are installed by pip: numpy=1.2 as numpy==1.2.*",)


def test_azure_packages_are_dropped_by_one_loud_line() -> None:
    read_ = packages(
        pip=("azureml-core~=1.5", "azureml_defaults", "AzureML", "azure-storage-blob"), conda=("azureml-sdk",)
    )
    assert read_.requirements == ("azure-storage-blob",)
    assert len(read_.notes) == 1
    assert "azureml-core~=1.5, azureml_defaults, AzureML not installed" in read_.notes[0]


def test_pandas_asked_for_through_an_azure_extra_is_kept() -> None:
    assert packages(pip=("azureml-dataprep[pandas,fuse]>=2",)).requirements == ("pandas",)


@pytest.mark.parametrize(
    "line", ["-r more.txt", "-e .", "./wheel.whl", "/a/b.whl", "pkg @ file:///a", ".", "--requirement x"]
)
def test_local_files_are_a_problem(line: str) -> None:
    (problem,) = packages(pip=(line,)).problems
    assert line in problem.what
    assert problem.where == "environment 'env'"
    assert problem.remedy


@pytest.mark.parametrize(
    "line", ["pkg @ https://host/a.whl", "pkg @ git+https://host/a@v1", "--extra-index-url https://host/s"]
)
def test_urls_and_options_are_pips_business(line: str) -> None:
    assert packages(pip=(line,)) == Packages((line,))


def test_credentials_in_a_url_are_a_problem_that_does_not_repeat_them() -> None:
    (problem,) = packages(pip=("--extra-index-url https://me:hunter2@host/simple",)).problems
    assert "hunter2" not in str(problem)


def test_all_untranslatable_conda_packages_are_one_problem() -> None:
    (problem,) = packages(conda=("openjdk=8", "numpy", "r-base")).problems
    assert "openjdk=8, r-base" in problem.what


def test_a_python_that_is_none_is_a_problem() -> None:
    (problem,) = packages(python="latest").problems
    assert "'latest'" in problem.what


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("3.11", (3, 11)),
        ("3.6.2", (3, 6)),
        ("=3.10.*", (3, 10)),
        ("==3.12", (3, 12)),
        ("", None),
        ("3", None),
        (">=3.8", None),
    ],
)
def test_python_versions_are_read_to_the_minor(text: str, minor: tuple[int, int] | None) -> None:
    assert python_minor(text) == minor


def test_names_compare_as_pep_503_says() -> None:
    assert normal_name("Ruamel._Yaml") == "ruamel-yaml"
