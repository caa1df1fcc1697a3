"""A search over hyperparameters on a screen, in lines, summaries, plans and graphs: one line for all its trials."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace

from runner.cli.board import BoardFacts, Screen, board
from runner.cli.commands.graph import written
from runner.cli.paint import Paint
from runner.cli.planview import plan_view
from runner.cli.progress import lines_of, name_width
from runner.cli.stepview import step_view
from runner.cli.summary import summary
from runner.model import events as e
from runner.model.data import DataRef
from runner.model.search import Expression, Goal, Sampling, Search, Stopping, StoppingRule
from runner.model.task import TaskId
from runner.operations.detail import detail
from runner.operations.graph import graph_of
from runner.operations.preview import PlannedInput, PlannedStep, Preview, search_text
from runner.operations.report import report, step_report
from runner.operations.search_progress import Bests, progress_text
from runner.operations.values import RunView
from tests.support.builders import RUN, at, entry, failed, plan, started, state, step, succeeded
from tests.support.memory_store import MemoryStore

TRIALS = tuple(f"tune-{number}" for number in range(1, 6))
SEARCH = Search(
    sampling=Sampling.RANDOM,
    space={"--x": Expression("uniform", (0, 1))},
    metric="loss",
    goal=Goal.MINIMIZE,
    trials=TRIALS,
    concurrent=2,
    minutes=60,
    seed=7,
    rule=StoppingRule(kind=Stopping.BANDIT, slack_factor=0.1),
)
KEY = "tune-search-1"
PLAN = plan(
    step("prep-1", name="prep"),
    *(step(key, "prep-1", outputs=(), trial_of=KEY, script="train.py") for key in TRIALS),
    step(KEY, name="tune", search=SEARCH, script="train.py"),
    step("use-1", KEY, name="use", script="use.py"),
)
BEFORE: tuple[e.Event, ...] = (started("prep-1"), succeeded("prep-1"))
UNDER_WAY: tuple[e.Event, ...] = (
    *BEFORE,
    *(e.TrialSampled(key, {"--x": number / 10}) for number, key in enumerate(TRIALS[:3], 1)),
    *map(started, TRIALS[:3]),
    *(e.AttemptRunning(key, at(20)) for key in TRIALS[:3]),
    succeeded(TRIALS[0]),
    failed(TRIALS[1]),
)
ENDED: tuple[e.Event, ...] = (
    *UNDER_WAY,
    e.TrialStopped(TRIALS[2], 1, "worse than the best by more than 10 %"),
    e.StepCanceled(TRIALS[2], "worse than the best by more than 10 %"),
    *(e.StepSkipped(key, "the time of the search is over") for key in TRIALS[3:]),
    started(KEY),
    e.AttemptRunning(KEY, at(30)),
    e.StepSucceeded(key=KEY, attempt=1, started=at(30), ended=at(31)),
)


def view(*events: e.Event) -> RunView:
    return RunView(state(PLAN, *events), PLAN)


def stored() -> MemoryStore:
    store = MemoryStore()
    for key, values in ((TRIALS[0], (3.0, 0.25)), (TRIALS[1], (0.1,)), (TRIALS[2], (9.0,))):
        lines = [json.dumps({"name": "loss", "value": value, "kind": "scalar"}) for value in values]
        store.put(TaskId(RUN, key).reports + "metrics.jsonl", "\n".join(lines).encode())
    return store


def nowhere(_ref: DataRef) -> str:
    return ""


def words(lines: Sequence[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines if line.strip()]


def test_the_board_has_one_line_for_all_trials() -> None:
    seen = view(*UNDER_WAY)
    shown = board(seen, at(40), Screen(110, 30), Paint(), BoardFacts(Bests(stored()).look(seen)))
    assert words(shown) == [
        "prep succeeded 1.0 s",
        "tune running 40.0 s 2 of 5 trials ended, 1 running, best loss 0.25 (tune-1)",
        "use waiting waits for tune",
        "1 of 3 steps done, 1 running, 1 waiting · 39.0 s",
    ]
    assert "tune waiting waits for prep" in words(board(view(), at(1), Screen(110, 30), Paint()))


def test_the_board_of_a_search_that_has_ended() -> None:
    shown = words(board(view(*ENDED), at(40), Screen(110, 30), Paint()))
    assert shown[1] == "tune succeeded 31.0 s 3 trials, 1 failed, 1 stopped early"


def test_lines_have_the_values_and_the_end_of_each_trial() -> None:
    entries = [entry(number, event) for number, event in enumerate(ENDED[2:], 1)]
    lines = [line for each in entries for line in lines_of(each, PLAN, Paint(), name_width(PLAN))]
    assert [" ".join(line.split()[1:]) for line in lines] == [
        "tune-1 sampled --x 0.1",
        "tune-2 sampled --x 0.2",
        "tune-3 sampled --x 0.3",
        "tune-1 succeeded 1.0 s",
        "tune-2 failed exit code 1",
        "tune-3 stopping worse than the best by more than 10 %; it is stopped",
        "tune-3 canceled worse than the best by more than 10 %",
        "tune-4 skipped the time of the search is over",
        "tune-5 skipped the time of the search is over",
        "tune queued",
        "tune running",
        "tune succeeded 1.0 s",
    ]


def test_a_summary_has_one_line_and_how_to_list_the_trials() -> None:
    told = words(summary(report(stored(), view(*UNDER_WAY), nowhere, at(40)), Paint()))
    assert told[0] == f"running experiment, 3 steps, 5 trials, 39.0 s so far {RUN}"
    assert "tune running 40.0 s 2 of 5 trials ended, 1 running, best loss 0.25 (tune-1)" in told
    assert not [line for line in told if line.startswith("tune-2")], "a search may succeed with the others"
    assert any(line.startswith("trials runner show") and line.endswith(KEY) for line in told)
    document = report(stored(), view(*ENDED), nowhere, at(40))
    trial = next(each for each in document.steps if each.key == TRIALS[0])
    assert (trial.trial_of, trial.values) == (KEY, {"--x": 0.1})
    search = next(each for each in document.steps if each.key == KEY)
    assert search.reason == "3 trials, 1 failed, 1 stopped early, best loss 0.25 (tune-1)"


def test_trials_are_told_of_when_their_search_failed() -> None:
    lost = e.StepFailed(key=KEY, failure=failed("x").failure, reason="none of its 5 trials succeeded", exit_code=1)
    events = (*BEFORE, *(event for key in TRIALS for event in (started(key), failed(key))), lost)
    told = words(summary(report(MemoryStore(), view(*events), nowhere, at(40)), Paint()))
    assert "tune failed: none of its 5 trials succeeded" in told
    assert "tune-1, tune-2, tune-3, tune-4, tune-5 failed: exit code 1" in told


def test_show_lists_the_trials_of_a_search() -> None:
    store, seen = stored(), view(*UNDER_WAY)
    found = detail(store, seen, step_report(store, seen, KEY, locate=nowhere, now=at(40)))
    lines = words(step_view(found, Paint(), "/"))
    at_trials = lines.index("trials")
    assert lines[at_trials + 1 : at_trials + 5] == [
        "trial status --x loss",
        "tune-2 failed 0.2 0.1 exit code 1",
        "tune-1 succeeded 0.1 0.25",
        "tune-3 running 0.3 9",
    ]


def previewed(inputs: tuple[PlannedInput, ...] = ()) -> Preview:
    """The preview of the plan; each trial has the inputs."""
    planned = [
        PlannedStep(
            key=one.key,
            name=PLAN.names[one.key],
            script=one.script,
            source="",
            compute="",
            target="here",
            environment="env",
            waits_for=tuple(sorted(one.needs)),
            inputs=inputs if one.trial_of else (),
            outputs=(),
            always=False,
            resources={},
            policy={},
            workers="",
            trial_of=one.trial_of,
            search=search_text(one.search) if one.search else "",
        )
        for one in PLAN.steps
    ]
    return Preview(experiment="e", parameters={}, steps=tuple(planned), environments=(), uploads=(), policy={})


def test_a_plan_says_how_many_trials_and_how_many_at_a_time() -> None:
    assert search_text(SEARCH) == "5 trials, 2 at a time, random, seed 7, stopped early by bandit"
    assert words(plan_view(previewed(), Paint(), "/"))[:4] == [
        "e 3 steps, 5 trials on here",
        "1 prep here at once",
        "2 tune train.py here after prep 5 trials, 2 at a time, random, seed 7, stopped early by bandit",
        "3 use use.py here after tune",
    ]


def test_a_plan_shows_the_inputs_of_a_search_once() -> None:
    given = PlannedInput(name="data", source="s", mode="mount", delivery="download", bytes=2048, reason="small")
    lines = words(plan_view(previewed((given, replace(given, name="more"))), Paint(), "/"))
    at_inputs = lines.index("inputs")
    assert lines[at_inputs + 1 : at_inputs + 3] == [
        "tune data download 2.0 KiB small",
        "tune more download 2.0 KiB small",
    ]
    assert sum("download" in line for line in lines) == 2


def test_a_graph_has_a_search_as_one_node_unless_every_step_is_wanted() -> None:
    def drawn(**options: object) -> list[str]:
        given = {"format": "text", "output": "", "every": False, **options}
        return words(written(graph_of(PLAN, view(*UNDER_WAY).state), Namespace(**given)))

    assert [line for line in drawn() if "tune" in line and "of" not in line] == ["● tune running"]
    assert any("tune-5" in line for line in drawn(every=True))
    keys = [each["key"] for each in json.loads("\n".join(drawn(format="json")))["steps"]]
    assert "tune-5" in keys


def test_bests_read_ended_trials_once_and_running_ones_now_and_then() -> None:
    store, seen, now = stored(), view(*UNDER_WAY), [0.0]
    bests = Bests(store, 5.0, lambda: now[0])
    assert bests.look(seen)[KEY].value == 0.25
    store.put(TaskId(RUN, TRIALS[2]).reports + "metrics.jsonl", b'{"name": "loss", "value": 0.125, "kind": "scalar"}\n')
    store.delete(TaskId(RUN, TRIALS[0]).reports + "metrics.jsonl")
    now[0] = 4.0
    assert bests.look(seen)[KEY].name == "tune-1"
    now[0] = 5.0
    assert bests.look(seen)[KEY].text == "best loss 0.125 (tune-3)"
    store.delete(TaskId(RUN, TRIALS[2]).reports + "metrics.jsonl")
    now[0] = 10.0
    assert bests.look(seen)[KEY].name == "tune-1", "what ended trials logged is known"


def test_the_progress_of_one_trial() -> None:
    assert progress_text(view(*BEFORE), KEY) == "0 of 5 trials ended"


def test_a_trial_that_a_retry_keeps_counts() -> None:
    kept = e.StepReused(TRIALS[0], "20260101t030405678z-aaaaaaaaaaaaaaaa.tune-1")
    seen = view(*BEFORE, e.TrialSampled(TRIALS[0], {"--x": 0.1}), kept, started(TRIALS[1]), succeeded(TRIALS[1]))
    assert progress_text(seen, KEY) == "2 of 5 trials ended"
    rest: tuple[e.Event, ...] = (*(e.StepSkipped(key, "") for key in TRIALS[2:]), started(KEY), succeeded(KEY))
    before = (*BEFORE, e.TrialSampled(TRIALS[0], {"--x": 0.1}), kept, started(TRIALS[1]), succeeded(TRIALS[1]))
    assert progress_text(view(*before, *rest), KEY) == "2 trials"
