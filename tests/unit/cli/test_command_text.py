"""The commands of steps for people."""

from __future__ import annotations

from runner.cli.command_text import batches_text, command_text
from runner.sdk.hyperdrive import work
from runner.sdk.parallel_run import settings as pool
from runner.sdk.steps import gang

SETTINGS = pool.Settings(
    entry_script="score.py",
    inputs=(pool.Source("images", "file"), pool.Source("more", "file")),
    output="scores",
    mini_batch_size="5",
    error_threshold=10,
)


def of_pool(settings: pool.Settings, *own: str, **parameters: str) -> list[str]:
    return ["python", "-m", pool.PROGRAM, *map(str, pool.command_arguments(settings, parameters, own))]


def test_a_command_is_a_line_for_a_shell() -> None:
    assert command_text(["python", "a b.py", "<input data>", "--x=1"]) == "python 'a b.py' <input data> --x=1"
    assert command_text(["python", "-m", "pkg", "{}"]) == "python -m pkg '{}'"
    assert command_text([]) == ""
    assert batches_text(["python", "a.py"]) == ""


def test_a_parallel_step_shows_its_script_and_its_settings() -> None:
    command = of_pool(SETTINGS, "--model", "<input model>", "--", "--note", "a b")
    assert command_text(command) == "score.py --model <input model> -- --note 'a b'"
    assert batches_text(command) == "of images, more, mini_batch_size 5, error_threshold 10"


def test_settings_that_parameters_give_are_shown_as_such() -> None:
    command = of_pool(SETTINGS, mini_batch_size="<parameter size>", run_max_try="<parameter tries>")
    assert command_text(command) == "score.py"
    told = "of images, more, mini_batch_size <parameter size>, error_threshold 10, run_max_try <parameter tries>"
    assert batches_text(command) == told
    keys = pool.Settings(entry_script="s.py", inputs=(pool.Source("t", "tabular"),), partition_keys=("store", "day"))
    assert batches_text(of_pool(keys)) == "of t, partition_keys store, day"


def test_ranks_show_the_command_of_each_and_a_search_none() -> None:
    ranks = ["python", "-m", gang.PROGRAM, '{"kind": "mpi"}', "0", "python", "train.py", "--n", "1"]
    assert command_text(ranks) == "python train.py --n 1"
    assert command_text(["python", "-m", work.PROGRAM, "{}"]) == ""


def test_a_command_of_another_version_is_shown_as_it_is() -> None:
    for document in ("no JSON", "[]", "{}"):
        command = ["python", "-m", pool.PROGRAM, document, "--", "x"]
        assert command_text(command).startswith(f"python -m {pool.PROGRAM} ")
        assert batches_text(command) == ""
