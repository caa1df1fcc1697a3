from __future__ import annotations

import pytest

from runner.sdk.environments.curated_names import NAMES, Curated, curated, is_curated, note


@pytest.mark.parametrize(
    ("name", "first", "python", "date"),
    [
        ("AzureML-sklearn-0.24.1-ubuntu18.04-py37-cpu-inference", "scikit-learn==0.24.1.*", "3.7", "2021-07-01"),
        ("azureml-SKLEARN-0.24.1-ubuntu18.04-py37-cpu-inference", "scikit-learn==0.24.1.*", "3.7", "2021-07-01"),
        ("AzureML-Scikit-learn-0.20.3", "scikit-learn==0.20.3.*", "3.6", "2019-12-01"),
        ("AzureML-sklearn-1.5", "scikit-learn==1.5.*", "3.10", "2024-08-01"),
        ("AzureML-sklearn-ubuntu18.04-py37-cpu", "scikit-learn", "3.7", ""),
        ("AzureML-TensorFlow-2.2-GPU", "tensorflow==2.2.*", "3.6", "2020-07-01"),
        ("AzureML-pytorch-1.10-ubuntu18.04-py38-cuda11-gpu", "torch==1.10.*", "3.8", "2022-03-01"),
        ("AzureML-PyTorch-1.1-CPU", "torch==1.1.*", "3.6", "2019-07-01"),
        ("AzureML-ACPT-pytorch-1.13-py38-cuda11.7-gpu", "torch==1.13.*", "3.8", "2023-03-01"),
        ("AzureML-acpt-pytorch-9.9-cuda1.2", "torch==9.9.*", "", ""),
        ("AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu", "lightgbm==3.2.*", "3.7", "2021-09-01"),
        ("AzureML-minimal", "azureml-defaults", "", ""),
        ("AzureML-PySpark-MmlSpark-0.15", "pyspark", "", ""),
        ("AzureML-Dask-CPU", "dask[complete]", "", ""),
    ],
)
def test_a_name_tells_packages_python_and_date(name: str, first: str, python: str, date: str) -> None:
    found = curated(name)
    assert found is not None
    assert (found.packages[0], found.python, found.date) == (first, python, date)


def test_no_package_is_listed_twice() -> None:
    for found in filter(None, map(curated, NAMES)):
        names = [package.partition("=")[0] for package in found.packages]
        assert len(names) == len(set(names))


def test_an_unknown_kind_has_no_packages() -> None:
    assert curated("AzureML-AutoML") is None
    assert not is_curated("my-AzureML-Minimal")


def test_every_curated_environment_has_what_azureml_defaults_brought() -> None:
    found = [each for each in map(curated, NAMES) if each and each.packages]
    assert len(found) > 10
    assert all(each.packages.count("azureml-defaults") == 1 for each in found)


def test_the_note_names_packages_date_and_the_way_to_an_image() -> None:
    line = note("AzureML-x", Curated(("a==1.*", "b"), "3.8", "2021-06-01"))
    assert "it has a==1.*, b of 2021-06-01 (" in line
    assert "{AzureML-x: {image: ...}}" in line
    assert "installs nothing" in note("AzureML-Triton", Curated())
