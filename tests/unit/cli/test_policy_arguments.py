from __future__ import annotations

import pytest

from runner.cli.arguments import parse
from runner.cli.policy_arguments import words
from runner.errors import BadInput
from runner.model.compute import Wish
from runner.model.policy import RunPolicy, StepPolicy
from runner.model.stated import NOTHING, Stated


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_every_option_is_a_word(command: str) -> None:
    argv = [
        *("--retries", "1", "--infrastructure-retries", "2", "--disruption-retries", "3", "--retry-oom", "1.5"),
        *("--backoff", "0", "--queue-timeout", "90s", "--start-timeout", "15m", "--run-timeout", "2h"),
        *("--deadline", "4h", "--max-parallel", "5", "--cpu", "500m", "--memory", "2Gi", "--gpu", "1"),
        "--continue-on-failure",
    ]
    assert words(parse([command, "p.py", *argv])) == Stated(
        StepPolicy(1, 2, 3, 1.5, 0.0, 90.0, 900.0, 7200.0),
        RunPolicy(14400.0, 5),
        Wish("500m", "2Gi", 1),
        continue_on_failure=True,
    )


def test_nothing_said_is_nothing() -> None:
    assert words(parse(["run", "p.py"])) == NOTHING
    assert words(parse(["graph", "p.py"])) == NOTHING


def test_bad_values_are_told_with_their_options() -> None:
    with pytest.raises(BadInput) as refused:
        words(parse(["run", "p.py", "--retries", "many", "--deadline=-1h", "--cpu", "2"]))
    assert [problem.where for problem in refused.value.problems] == ["--retries many", "--deadline -1h"]
