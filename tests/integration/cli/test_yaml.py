"""`run`, `plan`, `validate` and `graph` on YAML: without a cluster and without running a step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.cli.graphview import graph_view
from runner.cli.main import main
from runner.cli.paint import Paint
from runner.operations.graph import graph_of
from runner.plan.codec import from_yaml, to_yaml

DOCUMENT = (Path(__file__).parents[3] / "docs" / "reference" / "pipeline-yaml.md").read_text(encoding="utf-8")
PLAN = """\
parameters: {rows: 3}
steps:
  make: {source: steps, script: make.py, arguments: [--rows, {parameter: rows}, {output: numbers}], outputs: [numbers]}
  use: {source: steps, command: [cat, {input: n}], inputs: {n: make.numbers}}
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "make.py").write_text("print('made')")
    (tmp_path / "plan.yaml").write_text(PLAN)


def fence(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found
    return found[1]


def test_the_example_of_the_documentation_is_good_and_drawn_as_shown() -> None:
    file = from_yaml(fence("yaml"), "pipeline.yaml")
    assert from_yaml(to_yaml(file), "pipeline.yaml") == file
    assert "\n".join(graph_view(graph_of(file.plan), Paint(), 80)) + "\n" == fence("text")


def test_the_documentation_lists_every_field() -> None:

    from runner.plan.full_form import known_fields

    sections = re.split(
        r"^\| (?:at the top|step|input|output|environment|workers|search|rule) \| \| \|$", DOCUMENT, flags=re.MULTILINE
    )[1:]
    told = [set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) for section in sections]
    assert told == [set(fields) for fields in known_fields()]


def test_validate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "plan.yaml"]) == 0
    assert capsys.readouterr().out == "OK: plan.yaml, 2 steps\n"


def test_a_plan_as_yaml_comes_back_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["plan", "plan.yaml", "-o", "yaml", "-p", "rows=5"]) == 0
    text = capsys.readouterr().out
    (tmp_path / "again.yaml").write_text(text)
    assert "source: steps" in text
    assert "rows: 5" in text
    assert main(["plan", "again.yaml", "-o", "yaml"]) == 0
    assert capsys.readouterr().out == text


def test_the_configuration_maps_environments_to_images(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "runner.yaml").write_text("environments: {shelf: {image: registry.example.org/shelf:1}}")
    (tmp_path / "plan.yaml").write_text(f"environments: {{shelf: {{pip: [numpy]}}}}\n{PLAN}")
    assert main(["plan", "plan.yaml", "-o", "yaml"]) == 0
    text = capsys.readouterr().out
    assert "image: registry.example.org/shelf:1\n    ready: true" in text


def test_registered_datasets_are_known_by_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("steps: {a: {command: x, inputs: {i: {dataset: raw}, j: {dataset: 'raw:7'}}}}")
    assert main(["validate", "plan.yaml"]) == 2
    told = capsys.readouterr().err
    assert "there is no registered dataset 'raw'\n" in told
    assert "there is no registered dataset 'raw' version 7" in told
    (tmp_path / "a.csv").write_text("x\n1\n")
    assert main(["dataset", "register", "raw", "--delimited", "in/a.csv", "--upload", "a.csv"]) == 0
    (tmp_path / "plan.yaml").write_text("steps: {a: {command: x, inputs: {i: {dataset: raw}, j: {dataset: 'raw:1'}}}}")
    capsys.readouterr()
    assert main(["plan", "plan.yaml", "-o", "yaml"]) == 0
    assert capsys.readouterr().out.count("paths: [in/a.csv]") == 2


def test_graph_to_the_terminal_and_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["graph", "plan.yaml"]) == 0
    assert capsys.readouterr().out == "● make  make.py\n│ numbers\n● use\n"
    assert main(["graph", "plan.yaml", "--format", "mermaid", "-o", "graph.mmd"]) == 0
    assert (tmp_path / "graph.mmd").read_text().startswith("flowchart TD\n")
    assert main(["graph", "plan.yaml", "-o", "no/such/folder"]) == 2


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (
            ["run", "plan.yaml", "-p", "rows=x", "-p", "rwos=1"],
            ["2 problems", "takes a whole number", "did you mean 'rows'?"],
        ),
        (["run", "plan.yaml", "--", "x"], ["a YAML file takes no arguments"]),
        (
            ["run", "driver.py", "-p", "a=1", "--experiment", "e"],
            ["--experiment and -p: only for pipelines in YAML"],
        ),
        (["run", "none.yaml"], ["there is no file none.yaml"]),
        (["run", "steps"], ["steps is a folder"]),
        (["validate", "data.csv"], ["neither a Python file nor YAML"]),
        (["validate", "latin.yaml"], ["not UTF-8 text", "latin.yaml"]),
        (["graph", "cycle.yaml"], ["the steps wait for each other: "]),
        (["graph", "nobody"], ["'nobody' is neither a file nor a run"]),
        (["run", "locked.yaml"], [f"the store has no snapshot {'0' * 64}", "step 'a'"]),
        (["run", "missing.yaml"], ["the source directory", "does not exist"]),
    ],
    ids=lambda value: " ".join(value) if value[0] in ("run", "validate", "graph") else "",
)
def test_bad_input_is_code_2(
    argv: list[str], said: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "driver.py").touch()
    (tmp_path / "data.csv").touch()
    (tmp_path / "latin.yaml").write_bytes("a: é".encode("latin-1"))
    (tmp_path / "cycle.yaml").write_text("steps: {a: {command: x, after: [b]}, b: {command: x, after: [a]}}")
    (tmp_path / "locked.yaml").write_text(f"steps: {{a: {{script: x.py, snapshot: '{'0' * 64}'}}}}")
    (tmp_path / "missing.yaml").write_text("steps: {a: {script: x.py, source: nowhere}}")
    assert main(argv) == 2
    told = capsys.readouterr().err
    assert all(each in told for each in said), told
    assert not (tmp_path / ".runner" / "runs").exists()


def test_a_command_without_a_folder_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bare.yaml").write_text("steps:\n  hello: {source: null, command: echo from nowhere}\n")
    assert main(["run", "bare.yaml"]) == 0
    assert "hello  succeeded" in capfd.readouterr().out
    assert main(["logs", "latest", "hello"]) == 0
    assert "from nowhere" in capfd.readouterr().out
