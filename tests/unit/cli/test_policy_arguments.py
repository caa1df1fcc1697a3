from __future__ import annotations

import pytest

from runner.cli.arguments import parse
from runner.cli.policy_arguments import overrides
from runner.errors import BadInput
from runner.model.compute import ResourceRequest
from runner.model.policy import RunPolicy, StepPolicy
from runner.model.policy_overrides import NO_OVERRIDES, PolicyOverrides


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_every_option_is_a_word(command: str) -> None:
    argv = [
        *("--retries", "1", "--infrastructure-retries", "2", "--disruption-retries", "3", "--retry-oom", "1.5"),
        *("--backoff", "0", "--queue-timeout", "90s", "--start-timeout", "15m", "--run-timeout", "2h"),
        *("--deadline", "4h", "--max-parallel", "5", "--cpu", "500m", "--memory", "2Gi", "--gpu", "1"),
        "--continue-on-failure",
    ]
    assert overrides(parse([command, "p.py", *argv])) == PolicyOverrides(
        policy=StepPolicy(
            retries=1,
            infrastructure_retries=2,
            disruption_retries=3,
            retry_oom=1.5,
            backoff=0.0,
            queue_timeout=90.0,
            start_timeout=900.0,
            run_timeout=7200.0,
        ),
        run=RunPolicy(14400.0, 5),
        request=ResourceRequest(cpu="500m", memory="2Gi", gpu=1),
        continue_on_failure=True,
    )


def test_nothing_said_is_nothing() -> None:
    assert overrides(parse(["run", "p.py"])) == NO_OVERRIDES
    assert overrides(parse(["graph", "p.py"])) == NO_OVERRIDES


def test_bad_values_are_told_with_their_options() -> None:
    with pytest.raises(BadInput) as refused:
        overrides(parse(["run", "p.py", "--retries", "many", "--deadline=-1h", "--cpu", "2"]))
    assert [problem.where for problem in refused.value.problems] == ["--retries many", "--deadline -1h"]
