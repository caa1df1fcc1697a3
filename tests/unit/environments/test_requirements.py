from __future__ import annotations

from typing import Any

import pytest

from runner.environments.names import project
from runner.environments.requirements import Requirements, normal_name, python_minor, read
from runner.model.environment import EnvironmentSpec, NamedEnvironment


def packages(**spec: Any) -> Requirements:
    return read(NamedEnvironment("env", EnvironmentSpec(**spec)))


def test_pip_lines_stay_in_order_and_once() -> None:
    assert packages(pip=("b==1", " a ", "", "# no", "b==1")).lines == ("b==1", "a")


def test_conda_comes_first_and_is_said() -> None:
    read_ = packages(conda=("numpy=1.2", "pip"), pip=("six",))
    assert read_.lines == ("numpy==1.2.*", "six")
    assert read_.notes == ("environment 'env': conda packages are installed by pip: numpy=1.2 as numpy==1.2.*",)


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
    assert packages(pip=(line,)) == Requirements(lines=(line,))


def test_credentials_in_a_url_are_a_problem_that_does_not_repeat_them() -> None:
    (problem,) = packages(pip=("--extra-index-url https://me:hunter2@host/simple",)).problems
    assert "hunter2" not in str(problem)


def test_all_untranslatable_conda_packages_are_one_problem() -> None:
    found = packages(conda=("openjdk=8", "numpy", "r-base"), channels=("conda-forge",))
    (problem,) = found.conda_problems
    assert "openjdk=8, r-base" in problem.what
    assert "base image (or a Dockerfile) that has micromamba, mamba or conda" in problem.remedy
    assert (found.conda_only, found.problems) == (("openjdk=8", "r-base"), ())
    assert not [note for note in found.notes if "channel" in note], "an image's conda asks them"


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


def names(found: Requirements) -> list[str]:
    return [project(line) for line in found.lines]


def test_azureml_packages_are_replaced_by_what_they_brought_in_one_note() -> None:
    found = packages(pip=("azureml-defaults==1.27.*", "threadpoolctl==3.1.0"), python="3.8")
    assert {"numpy", "pandas", "pyarrow", "requests"} < set(names(found))
    assert found.lines[0] == "threadpoolctl==3.1.0"
    assert not any("azureml" in line for line in found.lines)
    assert found.date == "2021-04-19"
    replaced, dated = found.notes
    assert replaced.startswith(
        "environment 'env': azureml-defaults==1.27.* replaced by the packages that came with it ("
    )
    assert replaced.endswith("): steps get azureml from runner")
    assert dated == "environment 'env': packages until 2021-04-19 (the release of azureml-defaults 1.27.0)"


def test_packages_that_brought_nothing_are_left_out_in_one_note() -> None:
    found = packages(pip=("AzureML-designer-core", "six"), conda=("azureml-designer-internal=0.1",))
    assert found.lines == ("six",)
    (note,) = found.notes[:1]
    assert "azureml-designer-internal==0.1.*, AzureML-designer-core left out" in note


def test_bounds_of_the_left_out_packages_stay() -> None:
    """The automl extra keeps pandas and numpy at the versions that work with each other."""
    found = packages(conda=("pandas",), pip=("azureml-sdk[automl]", "pyarrow==14.0.2"))
    assert "pandas" in found.lines
    assert any(line.startswith("pandas") and "1.5.3" in line for line in found.lines)
    assert any(line.startswith("numpy") and "<" in line for line in found.lines)
    assert [line for line in found.lines if project(line) == "pyarrow"] == ["pyarrow==14.0.2"]
    assert found.python == (3, 10), "those versions of numpy and onnxruntime do not fit on 3.11"
    assert any("Python 3.10 is used" in note for note in found.notes)
    assert packages(pip=("azureml-sdk[automl]",), python="3.9").python == (3, 9)


def test_a_pin_of_the_author_replaces_the_bounds_that_came_with_azureml() -> None:
    found = packages(pip=("azureml-defaults==1.27.0", "numpy==1.16.4", "pandas @ https://host/pandas.whl"))
    assert [line for line in found.lines if project(line) == "numpy"] == ["numpy==1.16.4"]
    assert names(found).count("pandas") == 1
    bounded = packages(pip=("azureml-defaults==1.27.0", "numpy>=1.16", "pandas; python_version == '3.8'"))
    assert names(bounded).count("numpy") > 1
    assert names(bounded).count("pandas") > 1


def test_the_default_environment_is_not_reported() -> None:
    found = packages(pip=("azureml-defaults", "pandas"), default=True)
    assert {"numpy", "pandas", "pyarrow"} <= set(names(found))
    assert (found.notes, found.problems, found.date, found.python) == ((), (), "", None)


@pytest.mark.parametrize(
    ("asked", "python", "note"),
    [
        (
            {"python": "3.6.2", "pip": ("numpy",)},
            (3, 8),
            (
                "Python 3.6.2 is too old for a step; Python 3.8 is used, "
                "with packages until 2021-12-31 (the end of Python 3.6)"
            ),
        ),
        ({"python": "3.7"}, (3, 8), "Python 3.7 is too old for a step; Python 3.8 is used"),
        ({"python": "3.8", "pip": ("numpy",)}, (3, 8), "packages until 2024-10-31 (the end of Python 3.8)"),
        (
            {"python": "3.6", "pip": ("numpy",), "packages_until": "2020-02-02"},
            (3, 8),
            "Python 3.6 is too old for a step; Python 3.8 is used",
        ),
        (
            {"python": "3.6", "pip": ("numpy",), "image": "a"},
            (3, 8),
            "packages until 2021-12-31 (the end of Python 3.6)",
        ),
    ],
)
def test_an_old_python_is_raised_with_one_note(asked: Any, python: tuple[int, int], note: str) -> None:
    found = packages(**asked)
    assert found.python == python
    assert found.notes == (f"environment 'env': {note}",)


def test_python_and_date_that_the_author_states_need_no_note() -> None:
    assert packages(python="3.12", pip=("numpy",)) == Requirements(lines=("numpy",), python=(3, 12))
    stated = packages(python="3.9", pip=("numpy",), packages_until="2022-01-01")
    assert stated == Requirements(lines=("numpy",), python=(3, 9), date="2022-01-01")


def test_a_date_without_a_python_selects_the_python_of_its_time() -> None:
    assert packages(pip=("numpy",), packages_until="2022-12-01").python == (3, 10)
    found = packages(pip=("azureml-core==1.27.0",))
    assert found.python == (3, 8)
    assert "Python 3.8 is used, which was current at that time, with packages until 2021-04-19" in found.notes[1]


def test_all_that_is_no_date_or_python_is_reported_together() -> None:
    problems = packages(python="latest", packages_until="June").problems
    assert [problem.what for problem in problems] == [
        "'latest' is no Python version",
        "'June' is no date",
    ]
    assert all(problem.remedy for problem in problems)


def test_comments_are_no_part_of_a_requirement() -> None:
    lines = ("numpy==1.20  # fast", "# alone", "b @ git+https://host/b#egg=b")
    assert read(NamedEnvironment("e", EnvironmentSpec(pip=lines))).lines == ("numpy==1.20", lines[2])
