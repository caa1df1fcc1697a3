from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.environments.azureml_packages import brought, is_azureml, with_marker
from runner.environments.names import project


def names(line: str, until: str = "") -> set[str]:
    return {project(each) for each in brought(line, until).lines}


@pytest.mark.parametrize(
    "line",
    [
        "azureml-defaults",
        "azureml_defaults",
        "AzureML.Defaults",
        "azureml-defaults==1.27.0",
        "azureml-defaults == 1.27.*",
        "azureml-defaults~=1.27.0",
        "azureml-defaults>=1.20,<1.28",
        "azureml-defaults (>=1.20)",
        "azureml-defaults[extra]==1.27.0",
        "azureml-defaults==1.27.0; python_version >= '3.6'",
        "azureml-defaults==1.27.0  # of April",
        "azureml-defaults===1.27.0",
        "azureml-defaults==1.27.0.post1",
    ],
)
def test_azureml_defaults_brings_numpy_and_pyarrow_however_it_is_written(line: str) -> None:
    assert is_azureml(line)
    assert {"numpy", "pyarrow"} <= names(line)


@pytest.mark.parametrize(
    ("line", "release", "pinned"),
    [
        ("azureml-core==1.27.0", "1.27.0", True),
        ("azureml-core==1.27.*", "1.27.0", True),
        ("azureml-core~=1.27.0", "1.27.0", True),
        ("azureml-core<1.28", "1.27.0", True),
        ("azureml-core==1.27.0.post9", "1.27.0", True),
        ("azureml-core<=1.27.0,>=1.20", "1.27.0", True),
        ("azureml-core>=1.27.0", "", False),
        ("azureml-core!=1.27.0", "", False),
        ("azureml-core", "", False),
        ("azureml-core<9", "", False),
    ],
)
def test_a_requirement_selects_the_newest_release_that_it_accepts(line: str, release: str, pinned: bool) -> None:
    found = brought(line)
    assert found.release == (release or brought("azureml-core").release)
    assert found.pinned == pinned


def test_the_release_has_its_date() -> None:
    assert brought("azureml-core==1.27.0").date.startswith("2021-04")


def test_a_release_that_the_index_no_longer_has_is_the_nearest_one_before_it() -> None:
    assert brought("azureml-core==1.27.7").release == "1.27.0"
    assert brought("azureml-core==0.0.1").date < "2018-12"


def test_an_open_requirement_selects_no_release_after_the_date() -> None:
    assert brought("azureml-core", "2021-05-01").release == "1.27.0"
    assert brought("azureml-core>=1.29", "2021-05-01").release == "1.29.0"


def test_the_extra_pandas_brings_pandas() -> None:
    assert "pandas" in names("azureml-dataprep[pandas]")
    assert "pandas" in names("azureml_dataprep[Pandas,fuse]>=2")
    assert "pandas" not in names("azureml-dataprep==2.13.*")


def test_mlflow_automl_and_core_bring_what_scripts_import() -> None:
    assert {"mlflow-skinny", "mlflow"} & names("azureml-mlflow")
    assert {"scikit-learn", "pandas", "numpy", "joblib"} <= names("azureml-train-automl")
    assert {"requests", "msrest", "azure-common", "python-dateutil"} <= names("azureml-core==1.27.0")
    assert not {"adal", "docker", "azure-mgmt-storage", "cryptography"} & names("azureml-core==1.27.0")


def test_a_package_that_the_table_does_not_have_brings_nothing() -> None:
    found = brought("azureml-designer-core==0.1")
    assert (found.name, found.release, found.lines) == ("azureml-designer-core", "", ())


def test_a_marker_holds_for_all_that_was_brought() -> None:
    lines = brought("azureml-dataprep[pandas]; python_version < '3.9'").lines
    assert lines
    assert all(line.endswith(("python_version < '3.9'", "(python_version < '3.9')")) for line in lines)
    assert with_marker('a>1; os_name == "x"', "b") == 'a>1; (os_name == "x") and (b)'


@pytest.mark.parametrize("line", ["azure-core", "azuremlx", "pandas", "azureml/x.whl", "--pre", "", "my-azureml-core"])
def test_other_lines_are_none_of_azureml(line: str) -> None:
    assert not is_azureml(line)


@given(
    name=st.sampled_from(["azureml-core", "azureml-defaults", "azureml-sdk", "azureml-dataprep"]),
    separator=st.sampled_from(["-", "_", ".", "--"]),
    upper=st.booleans(),
    clause=st.sampled_from(["", "==1.27.0", "~=1.20.0", ">=1.0,<1.30", " >= 1.1", "==1.*", "<0.0.0", "!=2"]),
    marker=st.sampled_from(["", "; python_version>'3'", ' ;sys_platform == "linux"']),
    extras=st.sampled_from(["", "[pandas]", "[ automl , Notebooks ]", "[]"]),
)
def test_every_way_to_write_a_requirement_is_read(
    name: str, separator: str, upper: bool, clause: str, marker: str, extras: str
) -> None:
    written = name.replace("-", separator).upper() if upper else name.replace("-", separator)
    line = f"{written}{extras}{clause}{marker}"
    found = brought(line)
    assert is_azureml(line)
    assert found.name == name
    assert found.release
    assert not any(is_azureml(each) for each in found.lines)


def test_a_release_whose_pins_contradict_each_other_is_passed_over() -> None:
    """As an installer goes back: azureml-sdk[automl] 1.62.0 asks for pyarrow 23 and for pyarrow 17."""
    taken = brought("azureml-sdk[automl]")
    assert taken.release == "1.61.0"
    assert "pyarrow==14.0.2" in taken.lines
    assert brought("azureml-sdk[automl]==1.62.0").release == "1.62.0", "an author's own pin stays"
