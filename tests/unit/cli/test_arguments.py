from __future__ import annotations

import re

import pytest

from runner.cli.arguments import parse

COMMANDS = [
    "ui",
    "report",
    "serve",
    "publish",
    "pipelines",
    "endpoints",
    "schedules",
    "token",
    "gc",
    "keep",
    "run",
    "plan",
    "validate",
    "graph",
    "why",
    "dataset",
    "environment",
    "status",
    "list",
    "export",
    "tag",
    "compare",
    "timeline",
    "show",
    "logs",
    "cancel",
    "attach",
    "resume",
    "retry",
    "doctor",
    "data",
    "cluster",
]


def test_what_follows_the_dashes_is_the_drivers() -> None:
    options = parse(["run", "p.py", "--json", "--", "--json", "--target", "x", "--"])
    assert (options.file, options.json, options.target) == ("p.py", True, "")
    assert options.arguments == ["--json", "--target", "x", "--"]


def test_options_may_stand_before_and_after_the_file() -> None:
    for argv in (["run", "--target", "kind", "p.py"], ["run", "p.py", "--target", "kind"]):
        assert (parse(argv).file, parse(argv).target) == ("p.py", "kind")


def test_the_help_lists_every_command_in_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    shown = capsys.readouterr().out
    listed = re.findall(r"^  ([a-z]+) {2,}\S", shown.partition("pipelines:")[2], re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


def test_a_mistyped_command_is_told_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["staus"])
    assert ended.value.code == 2
    assert "there is no command 'staus'; did you mean 'status'?" in capsys.readouterr().err


def test_an_option_is_not_taken_for_another_that_begins_alike(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["run", "p.py", "--retry", "3"])  # not --retry-oom 3
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: runner run ")
    assert "runner run: error: unrecognized arguments: --retry 3; did you mean --retry-oom or --retries?" in said


@pytest.mark.parametrize("argv", [["list", "--zzz"], ["data", "ls", "--zzz"], ["status", "a", "b", "--json"]])
def test_what_is_not_known_is_named(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(argv)
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(rf"runner {argv[0]}\b.*: error: unrecognized arguments: (?:--zzz|b)", said)


def test_parameters_add_up() -> None:
    options = parse(["run", "p.yaml", "-p", "a=1", "-p", "b=x=y", "--experiment", "e"])
    assert (options.parameters, options.experiment) == (["a=1", "b=x=y"], "e")


def test_graph_options() -> None:
    options = parse(["graph", "p.py", "--format", "dot", "-o", "x.dot", "--all", "--", "--all"])
    assert (options.format, options.output, options.every, options.arguments) == ("dot", "x.dot", True, ["--all"])


def test_run_and_step_may_be_left_out() -> None:
    assert (parse(["logs"]).run, parse(["logs"]).step) == ("latest", "")
    options = parse(["logs", "abc", "train", "-f"])
    assert (options.run, options.step, options.follow) == ("abc", "train", True)


def test_the_plan_is_text_unless_said() -> None:
    assert parse(["plan", "p.py"]).output == "text"
    assert parse(["plan", "p.py", "-o", "yaml"]).output == "yaml"


@pytest.mark.parametrize(
    "argv",
    [["run"], ["plan", "p.py", "-o", "xml"], ["list", "-n", "0"], ["list", "-n", "many"], ["data"], ["fly"],
     ["run", "p.py", "extra"], ["cluster", "sideways"], ["status", "a", "b"]],
    ids=" ".join,
)  # fmt: skip
def test_nonsense_is_refused_with_code_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(argv)
    assert ended.value.code == 2
    assert "usage: runner" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["logs", "--worker", "x"], "argument --worker: 'x' is not a whole number of 0 or more"),
        (["logs", "--worker", "-1"], "argument --worker: '-1' is not a whole number of 0 or more"),
        (["list", "-n", "many"], "argument -n/--count: 'many' is not a whole number of 1 or more"),
        (["gc", "--keep-days", "x"], "argument --keep-days: 'x' is not a number of 0 or more"),
        (["gc", "--keep-days", "nan"], "argument --keep-days: 'nan' is not a number of 0 or more"),
        (["gc", "--keep-last", "1.5"], "argument --keep-last: '1.5' is not a whole number of 0 or more"),
        (["schedules", "next", "s", "no"], "argument N: 'no' is not a whole number from 1 to 1000"),
        (["schedules", "history", "s", "-n", "1001"], "argument -n: '1001' is not a whole number from 1 to 1000"),
        (["serve", "--port", "http"], "argument --port: 'http' is not a whole number from 0 to 65535"),
    ],
    ids=str,
)
def test_numbers_are_refused_in_words(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(argv)
    assert ended.value.code == 2
    assert f"error: {words}\n" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: runner {command}" in capsys.readouterr().out


def test_cluster_options() -> None:
    assert parse(["cluster", "up", "--no-mounter"]).no_mounter
    options = parse(["cluster", "up", "--name", "n", "--port", "9100", "--minio-image", "i"])
    assert not options.no_mounter
    assert (options.name, options.target, options.port, options.minio_image) == ("n", "kind", 9100, "i")


@pytest.mark.parametrize(
    "words",
    [
        ["cancel", ""],
        ["status", ""],
        ["show", "latest", ""],
        ["run", "p.py", "--target", ""],
        ["run", "p.py", "--target="],
        ["retry", "--from", ""],
        ["data", "ls", ""],
        ["dataset", "register", "", "--files", "a"],
        ["run", ""],
    ],
    ids=" ".join,
)
def test_an_empty_name_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """``runner cancel "$RUN"`` with an unset variable must not cancel the newest run."""
    with pytest.raises(SystemExit) as ended:
        parse(words)
    assert ended.value.code == 2
    assert "an argument is empty" in capsys.readouterr().err


def test_empty_texts_are_none_of_our_business() -> None:
    assert parse(["run", "p.py", "--", ""]).arguments == [""]
    words = ["dataset", "register", "n", "--files", "a", "--description", ""]
    assert parse(words).description == ""
    assert parse(["cancel"]).run == "latest"
