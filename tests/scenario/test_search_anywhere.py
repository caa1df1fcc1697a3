"""Kill the controller of a search before or after any effect: the same trials, the same values, the same end."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.control.sampling import values_of
from runner.model.plan import Plan
from runner.model.policy import StepPolicy
from runner.model.record import Failure
from runner.model.search import Expression, Goal, PastTrial, Sampling, Search, Stopping, StoppingRule
from runner.model.status import DELIVERED, STEP_ENDS, RunStatus, StepStatus
from runner.model.task import Task, TaskId
from runner.operations.retry import prepare_retry, resubmit
from runner.operations.retry_selection import Part, Scope
from runner.operations.submit import Submitter
from runner.operations.values import RunView, WorkspaceFacts
from runner.runs import records
from runner.samplers.bayesian import BayesianSampler
from tests.support import builders as b
from tests.support import search_plans as s
from tests.support.builders import RUN, statuses
from tests.support.fake_target import Ending
from tests.support.mortal import Life
from tests.support.search_bench import SearchBench

QUICK = settings(
    max_examples=int(os.environ.get("RUNNER_TEST_EXAMPLES", "8")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
LOSSES = (Ending.SUCCEEDS, Ending.EVICTED, Ending.VANISHES, Ending.FORGOTTEN)
DEATHS = st.lists(st.integers(1, 60), max_size=6)
TROUBLE = st.frozensets(st.integers(3, 80), max_size=8)
EACH = 1 if os.environ.get("RUNNER_ALL_DATA") else 5
"""Every so many instants are tried: odd ones lie before an effect, even ones after it."""
BANDIT = StoppingRule(kind=Stopping.BANDIT, slack_amount=0.1)
MEDIAN = StoppingRule(kind=Stopping.MEDIAN)
TRUNCATION = StoppingRule(kind=Stopping.TRUNCATION, percentage=30)


def endings(*kinds: Ending) -> st.SearchStrategy[dict[TaskId, tuple[Ending, int]]]:
    tasks = st.builds(TaskId, st.just(RUN), st.sampled_from([*s.trial_keys(5), s.TUNE]), st.integers(1, 3))
    return st.dictionaries(tasks, st.tuples(st.sampled_from(kinds), st.integers(1, 4)), max_size=6)


def value(task: Task) -> Sequence[float]:
    """What a script logs: its sampled learning rate, again and again."""
    texts = [text for text in task.command if isinstance(text, str)]
    return [float(texts[texts.index("--lr") + 1])] * 50 if "--lr" in texts else ()


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    many = draw(st.integers(1, 5))
    what = s.search(many, concurrent=draw(st.integers(1, 4)), seed=draw(st.integers(0, 5)))
    return b.plan(*s.searching(what, "prep"), b.step("prep"), b.step("next", s.TUNE))


@QUICK
@given(plans(), endings(*LOSSES, Ending.FAILS), DEATHS, TROUBLE, st.integers(1, 3))
def test_children_are_the_plan_and_the_end_is_that_of_an_undisturbed_run(
    plan: Plan,
    script: dict[TaskId, tuple[Ending, int]],
    deaths: list[int],
    trouble: frozenset[int],
    slots: int,
) -> None:
    calm, rough = (SearchBench(plan, script, slots, metric=value) for _ in range(2))
    calm.run()
    rough.run(*deaths, trouble=trouble)
    calm.check()
    rough.check()
    assert statuses(rough.state) == statuses(calm.state)
    assert rough.world.executions == calm.world.executions or set(rough.world.executions) == set(calm.world.executions)
    search = plan.step(s.TUNE).search
    assert search is not None
    for number, key in enumerate(search.trials):
        assert rough.state.steps[key].sampled == values_of(search, number)
        assert rough.state.steps[key].outputs == calm.state.steps[key].outputs
        for attempt in range(1, rough.state.steps[key].attempt + 1):
            layers, lr = (values_of(search, number) or {}).values()
            assert rough.arguments(key, attempt)[-4:] == ("--layers", str(layers), "--lr", str(lr))
    check_verdict(rough)


def check_verdict(bench: SearchBench) -> None:
    """Trials decide whether the search can run, and nothing else."""
    state = bench.state
    for step in bench.plan.searches:
        trials = [state.steps[key] for key in step.search.trials] if step.search else []
        search = state.steps[step.key]
        if not any(one.status in DELIVERED for one in trials):
            assert search.status is not StepStatus.SUCCEEDED
            assert search.attempt == 0
    own = [state.steps[key].status in DELIVERED for key in bench.plan.decisive]
    assert state.status is (RunStatus.SUCCEEDED if all(own) else RunStatus.FAILED)


def test_every_instant_of_a_small_search() -> None:
    """A trial fails, one is lost, one is stopped early, and the controller dies at an instant."""
    plan = s.search_plan(4, rule=BANDIT)
    script = {
        TaskId(RUN, "t0"): (Ending.SUCCEEDS, 3),
        TaskId(RUN, "t1"): (Ending.EVICTED, 2),
        TaskId(RUN, "t2"): (Ending.FAILS, 1),
        TaskId(RUN, "t3"): (Ending.HANGS, 1),
    }
    rates = {"t0": 0.9, "t1": 0.9, "t2": 0.9, "t3": 0.5}

    def metric(task: Task) -> Sequence[float]:
        return [rates[task.id.key]] * 50 if task.id.key in rates else ()

    whole, bench = Life(), SearchBench(plan, script, metric=metric)
    bench.live(whole)
    bench.check()
    assert statuses(bench.state) == {
        "t0": "succeeded", "t1": "succeeded", "t2": "failed", "t3": "canceled", "tune": "succeeded"
    }  # fmt: skip
    assert bench.state.status is RunStatus.SUCCEEDED
    assert whole.instant > 40
    for instant in range(1, whole.instant + 1, EACH):
        rough = SearchBench(plan, script, metric=metric)
        rough.run(instant)
        rough.check()
        assert statuses(rough.state) == statuses(bench.state)
        assert rough.world.executions == bench.world.executions
        assert rough.state.steps["t3"].reason.startswith("early termination (bandit)")


@QUICK
@given(plans(), endings(*LOSSES, Ending.FAILS, Ending.HANGS), DEATHS, TROUBLE, st.integers(0, 14))
def test_a_cancel_at_any_time_leaves_nothing_running(
    plan: Plan,
    script: dict[TaskId, tuple[Ending, int]],
    deaths: list[int],
    trouble: frozenset[int],
    cancel_at: int,
) -> None:
    bench = SearchBench(plan, {**script, TaskId(RUN, "t0"): (Ending.HANGS, 1)}, cancel_at=cancel_at)
    if cancel_at == 0:
        records.cancel(bench.store, RUN)
    bench.run(*deaths, trouble=trouble)
    bench.check()
    assert bench.state.status is RunStatus.CANCELED


@QUICK
@given(
    st.sampled_from([BANDIT, MEDIAN, TRUNCATION]),
    endings(*LOSSES, Ending.FAILS),
    DEATHS,
    TROUBLE,
    st.integers(1, 4),
)
def test_with_a_rule_the_best_trial_stays_whatever_happens(
    rule: StoppingRule,
    script: dict[TaskId, tuple[Ending, int]],
    deaths: list[int],
    trouble: frozenset[int],
    concurrent: int,
) -> None:
    plan = s.search_plan(5, rule=rule, concurrent=concurrent)
    long = {TaskId(RUN, key, attempt): (Ending.SUCCEEDS, 12) for key in s.trial_keys(5) for attempt in range(1, 4)}
    bench = SearchBench(plan, {**long, **script}, slots=4, metric=value)
    bench.run(*deaths, trouble=trouble)
    bench.check()
    check_verdict(bench)
    rates = {key: bench.state.steps[key].sampled["--lr"] for key in s.trial_keys(5)}
    logged = [key for key in rates if any(task.key == key for task in bench.logging.logged)]
    best = max(logged, key=lambda key: float(str(rates[key])))
    assert bench.state.steps[best].status is not StepStatus.CANCELED
    for key, one in bench.state.steps.items():
        assert one.status in STEP_ENDS
        assert (one.status is StepStatus.CANCELED) == one.reason.startswith("early termination"), (key, one)


def test_trials_get_their_values_in_order_and_wait_for_their_turn() -> None:
    script = {TaskId(RUN, "t0"): (Ending.SUCCEEDS, 9)}
    bench = SearchBench(s.search_plan(4), script, slots=8)
    controller = bench.controller(Life())
    controller.take("host", 1)
    seen = []
    while not controller.state.over:
        if not controller.tick():
            controller.effects.targets[b.TARGET].wait(1.0)
        sampled = [key for key in s.trial_keys(4) if controller.state.steps[key].sampled]
        if sampled not in seen:
            seen.append(sampled)
    assert seen == [["t0", "t1"], ["t0", "t1", "t2"], ["t0", "t1", "t2", "t3"]]
    bench.check()


def test_without_a_successful_trial_the_search_fails_with_the_failure_of_the_first() -> None:
    plan = b.plan(*s.searching(s.search(3)), b.step("next", s.TUNE), b.step("other"))
    script = {TaskId(RUN, key): (Ending.FAILS, 1) for key in s.trial_keys(3)}
    bench = SearchBench(plan, script)
    end = bench.run()
    bench.check()
    assert statuses(end) == {
        "t0": "failed", "t1": "failed", "t2": "failed", "tune": "failed", "next": "skipped", "other": "succeeded"
    }  # fmt: skip
    search = end.steps[s.TUNE]
    assert search.reason == "none of its 3 trials succeeded; 't0' failed: the script ended with exit code 3"
    assert (search.failure, search.exit_code, search.attempt) == (Failure.USER, 3, 0)
    assert end.steps["next"].reason == "it needs 'tune', which failed"


def test_the_failure_of_a_trial_does_not_stop_a_run_that_stops_at_its_first_failure() -> None:
    plan = b.plan(*s.searching(s.search(3)), b.step("next", s.TUNE))
    bench = SearchBench(plan, {TaskId(RUN, "t0"): (Ending.FAILS, 1)}, go_on=False)
    end = bench.run()
    bench.check()
    assert statuses(end) == dict.fromkeys(("t1", "t2", "tune", "next"), "succeeded") | {"t0": "failed"}
    assert end.status is RunStatus.SUCCEEDED


def test_the_failure_of_a_search_stops_a_run_that_stops_at_its_first_failure() -> None:
    plan = b.plan(*s.searching(s.search(1)), b.step("slow"), b.step("last", "slow"))
    script = {TaskId(RUN, "t0"): (Ending.FAILS, 1), TaskId(RUN, "slow"): (Ending.SUCCEEDS, 5)}
    bench = SearchBench(plan, script, go_on=False)
    end = bench.run()
    bench.check()
    assert statuses(end) == {"t0": "failed", "tune": "failed", "slow": "succeeded", "last": "skipped"}
    assert end.steps["last"].reason == "'tune' failed, and the run stops at its first failure"


def test_a_search_whose_input_fails_is_skipped_with_its_trials() -> None:
    plan = b.plan(*s.searching(s.search(3), "prep"), b.step("prep"))
    bench = SearchBench(plan, {TaskId(RUN, "prep"): (Ending.FAILS, 1)})
    end = bench.run()
    bench.check()
    assert statuses(end) == {"prep": "failed", **dict.fromkeys([*s.trial_keys(3), s.TUNE], "skipped")}
    assert end.steps["t2"].reason == "it needs 'prep', which failed"
    assert end.steps[s.TUNE].reason == "none of its trials was run"


def test_trials_of_a_search_that_cannot_run_are_skipped() -> None:
    what = s.search(2)
    plan = b.plan(*s.searching(what)[:-1], b.step(s.TUNE, "prep", search=what), b.step("prep"))
    script = {TaskId(RUN, "prep"): (Ending.FAILS, 1), TaskId(RUN, "t0"): (Ending.SUCCEEDS, 6)}
    bench = SearchBench(plan, script, slots=2)
    end = bench.run()
    assert statuses(end) == {"prep": "failed", "tune": "skipped", "t0": "succeeded", "t1": "skipped"}
    assert end.steps["t1"].reason == "it needs 'tune', which was not run"


def test_a_repeated_attempt_has_the_same_values() -> None:
    plan = s.search_plan(1)
    again = StepPolicy(retries=2)
    plan = b.plan(*(one if one.search else b.step("t0", trial_of=s.TUNE, command=one.command, policy=again)
                    for one in plan.steps))  # fmt: skip
    bench = SearchBench(plan, {TaskId(RUN, "t0", n): (Ending.FAILS, 1) for n in (1, 2)})
    end = bench.run()
    bench.check()
    assert (end.steps["t0"].attempt, end.status) == (3, RunStatus.SUCCEEDED)
    assert bench.arguments("t0", 1) == bench.arguments("t0", 3)
    assert "--lr" in bench.arguments("t0", 3)


def test_when_the_time_is_over_running_trials_are_stopped_and_no_other_starts() -> None:
    plan = s.search_plan(5, minutes=0.1)
    script = {TaskId(RUN, key): (Ending.HANGS, 1) for key in ("t1", "t2")}
    bench = SearchBench(plan, script)
    end = bench.run()
    bench.check()
    assert statuses(end) == {
        "t0": "succeeded", "t1": "canceled", "t2": "canceled", "t3": "skipped", "t4": "skipped", "tune": "succeeded"
    }  # fmt: skip
    assert {end.steps[key].reason for key in ("t1", "t2", "t3", "t4")} == {"the search's time of 6 s is over"}
    assert end.status is RunStatus.SUCCEEDED


def test_a_trial_that_a_user_cancels_ends_and_the_search_goes_on() -> None:
    bench = SearchBench(s.search_plan(3), {TaskId(RUN, "t0"): (Ending.HANGS, 1)})
    records.stop_trial(bench.store, RUN, "t0")
    records.stop_trial(bench.store, RUN, "t2")
    end = bench.run()
    bench.check()
    assert statuses(end) == {"t0": "canceled", "t1": "succeeded", "t2": "canceled", "tune": "succeeded"}
    assert end.steps["t0"].reason == "it was canceled"


@pytest.mark.parametrize("goal", Goal)
def test_a_rule_stops_the_trials_that_are_worse(goal: Goal) -> None:
    plan = s.search_plan(4, rule=BANDIT, goal=goal, concurrent=4, minutes=600.0)
    long = {TaskId(RUN, key): (Ending.SUCCEEDS, 20) for key in s.trial_keys(4)}
    bench = SearchBench(plan, long, slots=4, metric=value)
    end = bench.run()
    bench.check()
    rates = {key: float(str(end.steps[key].sampled["--lr"])) for key in s.trial_keys(4)}
    best = (max if goal is Goal.MAXIMIZE else min)(rates.values())
    assert {key: end.steps[key].status is StepStatus.SUCCEEDED for key in rates} == {
        key: abs(rate - best) <= 0.1 for key, rate in rates.items()
    }
    spent = sum(
        many for task, many in bench.logging.logged.items() if end.steps[task.key].status is StepStatus.CANCELED
    )
    assert spent < 30


def test_a_grid_runs_every_point() -> None:
    bench = SearchBench(s.search_plan(6, sampling=Sampling.GRID, space=s.GRID, concurrent=3))
    end = bench.run()
    bench.check()
    assert [tuple(end.steps[key].sampled.values()) for key in s.trial_keys(6)] == [
        (a, number) for a in "xy" for number in (1, 2, 3)
    ]


class Nearest:
    """control.sampler.Sampler: a step from the best so far, away from what runs."""

    def suggest(
        self, search: Search, number: int, history: Sequence[PastTrial], pending: Sequence[Mapping[str, object]]
    ) -> Mapping[str, object]:
        assert all(values not in [past.values for past in history] for values in pending)
        assert len(history) + len(pending) <= number
        best = search.best(past.metric for past in history)
        return {"--lr": (best or 0.0) + 0.125 * (1 + len(pending)) + number / 1024, "--layers": 1 + number % 3}


@pytest.mark.parametrize("concurrent", [1, 3])
def test_every_instant_of_a_bayesian_search(concurrent: int) -> None:
    plan = s.search_plan(5, sampling=Sampling.BAYESIAN, concurrent=concurrent)
    script = {TaskId(RUN, "t1"): (Ending.FAILS, 2), TaskId(RUN, "t2"): (Ending.EVICTED, 1)}

    def bench() -> SearchBench:
        return SearchBench(plan, script, slots=4, metric=value, sampler=Nearest)

    whole, calm = Life(), bench()
    calm.live(whole)
    calm.check()
    assert calm.state.status is RunStatus.SUCCEEDED
    rates = [float(str(calm.state.steps[key].sampled["--lr"])) for key in s.trial_keys(5)]
    if concurrent == 1:  # each one starts from the best before it; t1 has failed
        assert rates == [0.125, 0.25 + 1 / 1024, 0.25 + 2 / 1024, 0.375 + 5 / 1024, 0.5 + 9 / 1024]
    assert len(set(rates)) == 5
    for instant in range(1, whole.instant + 1, 3 * EACH):
        rough = bench()
        rough.run(instant)
        rough.check()
        assert statuses(rough.state) == statuses(calm.state)
        if concurrent == 1:
            assert [one.sampled for one in rough.state.steps.values()] == [
                one.sampled for one in calm.state.steps.values()
            ]
        for key in s.trial_keys(5):  # what the journal has is what each attempt got
            for attempt in range(1, rough.state.steps[key].attempt + 1):
                assert f"{rough.state.steps[key].sampled['--lr']}" in rough.arguments(key, attempt)


GOOD = {"--x": Expression("uniform", (-4.0, 4.0)), "--y": Expression("quniform", (-4, 4, 1))}
CHOICES = {"--x": Expression("choice", tuple(range(-4, 4))), "--y": Expression("choice", (-2, -1, 0, 1, 2))}


def bowl(task: Task) -> Sequence[float]:
    """The noisy values of a training that comes down to a quadratic of its hyperparameters in twenty steps."""
    texts = [text for text in task.command if isinstance(text, str)]
    if "--x" not in texts:
        return ()
    x, y = (float(texts[texts.index(name) + 1]) for name in ("--x", "--y"))
    noise = Random(f"{x} {y}")
    return [x * x + y * y + 4.0 / step + noise.gauss(0.0, 0.05) for step in range(1, 21)]


def forty(sampling: Sampling, **changes: Any) -> SearchBench:
    space = CHOICES if sampling is Sampling.GRID else GOOD
    plan = s.search_plan(40, sampling=sampling, space=space, goal=Goal.MINIMIZE, concurrent=4, minutes=9e9, **changes)
    long = {TaskId(RUN, key): (Ending.SUCCEEDS, 20) for key in s.trial_keys(40)}
    return SearchBench(plan, long, slots=8, metric=bowl, sampler=BayesianSampler)


def best_of(bench: SearchBench) -> tuple[float, str]:
    metrics = {task.key: bowl(records.assignment(bench.store, task.assignment))[: many] for task, many in
               bench.logging.logged.items()}  # fmt: skip
    return min((min(values), key) for key, values in metrics.items())


@pytest.mark.all_data
@pytest.mark.parametrize("sampling", [Sampling.RANDOM, Sampling.GRID])
def test_of_forty_trials_the_best_is_the_same_after_five_kills(sampling: Sampling) -> None:
    whole, calm = Life(), forty(sampling)
    calm.live(whole)
    calm.check()
    rough = forty(sampling)
    rough.run(*(whole.instant * part // 6 for part in (1, 2, 1, 1, 1)))
    rough.check()
    assert rough.lives == 6
    assert statuses(rough.state) == statuses(calm.state) == dict.fromkeys([*s.trial_keys(40), s.TUNE], "succeeded")
    assert rough.world.executions == calm.world.executions
    assert best_of(rough) == best_of(calm)
    assert [one.sampled for one in rough.state.steps.values()] == [one.sampled for one in calm.state.steps.values()]


@pytest.mark.all_data
def test_of_forty_bayesian_trials_each_runs_once_whatever_is_killed() -> None:
    bench = forty(Sampling.BAYESIAN)
    bench.run(30, 60, 90, 120, 150)
    bench.check()
    assert bench.lives == 6
    assert bench.state.status is RunStatus.SUCCEEDED
    assert all(many == 1 for many in bench.world.executions.values())
    assert best_of(bench)[0] < 0.5


@pytest.mark.parametrize(
    ("rule", "share"),
    [
        (StoppingRule(kind=Stopping.BANDIT, slack_amount=1.0, delay=3), 0.5),
        (StoppingRule(kind=Stopping.MEDIAN, delay=3), 0.75),
        (StoppingRule(kind=Stopping.TRUNCATION, percentage=40, delay=3), 0.7),
    ],
)
@pytest.mark.all_data
def test_early_termination_saves_steps_and_keeps_the_best(rule: StoppingRule, share: float) -> None:
    calm, saving = forty(Sampling.RANDOM), forty(Sampling.RANDOM, rule=rule)
    calm.run()
    saving.run()
    saving.check()
    assert best_of(saving) == best_of(calm)
    assert sum(saving.logging.logged.values()) < share * sum(calm.logging.logged.values())


def test_a_bayesian_search_without_a_sampler_fails_and_says_why() -> None:
    bench = SearchBench(s.search_plan(2, sampling=Sampling.BAYESIAN))
    end = bench.run()
    bench.check()
    assert statuses(end) == {"t0": "failed", "t1": "failed", "tune": "failed"}
    assert end.steps["t0"].reason == ("its values could not be drawn: nothing here draws values for Bayesian searches")


@pytest.mark.parametrize("sampling", [Sampling.RANDOM, Sampling.BAYESIAN])
def test_a_retry_keeps_what_succeeded_and_was_stopped_and_repeats_what_failed(sampling: Sampling) -> None:
    plan = b.plan(*s.searching(s.search(5, sampling=sampling)), b.step("next", s.TUNE))
    script = {TaskId(RUN, key): (Ending.FAILS, 1) for key in ("t1", "t2", "t3")}
    first = SearchBench(plan, {**script, TaskId(RUN, "t4"): (Ending.HANGS, 1)}, metric=value, sampler=Nearest)
    records.stop_trial(first.store, RUN, "t4")
    before = first.run()
    assert statuses(before) == {
        "t0": "succeeded", "t1": "failed", "t2": "failed", "t3": "failed", "t4": "canceled",
        "tune": "succeeded", "next": "succeeded",
    }  # fmt: skip

    made = prepare_retry(first.store, lambda _name: first.store, RunView(before, plan), Part())
    who = Submitter("somebody", b.T0, b"0123456789", WorkspaceFacts(name="w"))
    run = resubmit(first.store, made, who)
    again = SearchBench(plan, {}, store=first.store, run_id=run, metric=value, sampler=Nearest, submitted=True)
    end = again.run()
    again.check()
    assert statuses(end) == {
        "t0": "reused", **dict.fromkeys(["t1", "t2", "t3", "tune", "next"], "succeeded"), "t4": "canceled"
    }  # fmt: skip
    assert {task.key for task in again.world.executions} == {"t1", "t2", "t3", s.TUNE, "next"}
    for key in s.trial_keys(5):
        assert end.steps[key].sampled == before.steps[key].sampled
    assert end.steps["t4"].reason == before.steps["t4"].reason
    task = records.assignment(first.store, TaskId(run, s.TUNE).assignment)
    assert task.readable == (f"runs/{RUN}/t0",)
    assert end.status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("ending", [Ending.FAILS, Ending.SUCCEEDS])
def test_a_trial_that_is_retried_alone_decides_about_its_run(ending: Ending) -> None:
    plan = s.search_plan(3)
    first = SearchBench(plan, {TaskId(RUN, "t1"): (Ending.FAILS, 1)})
    before = first.run()
    made = prepare_retry(first.store, lambda _name: first.store, RunView(before, plan), Part(Scope.ONLY, ("t1",)))
    run = resubmit(first.store, made, Submitter("somebody", b.T0, b"0123456789", WorkspaceFacts(name="w")))
    again = SearchBench(
        plan, {TaskId(run, "t1"): (ending, 1)}, store=first.store, run_id=run, submitted=True, go_on=False
    )
    end = again.run()
    again.check()
    assert {task.key for task in again.world.executions} == {"t1"}
    assert end.steps["t1"].sampled == before.steps["t1"].sampled
    assert end.status is (RunStatus.FAILED if ending is Ending.FAILS else RunStatus.SUCCEEDED)


def test_a_trial_is_reused_for_its_values_and_the_search_only_if_all_are() -> None:
    first = SearchBench(s.search_plan(3))
    first.run()
    again: dict[str, Any] = {"store": first.store, "run_id": f"{RUN[:-1]}b"}
    same = SearchBench(s.search_plan(3), **again)
    end = same.run()
    assert statuses(end) == dict.fromkeys([*s.trial_keys(3), s.TUNE], "reused")
    assert end.steps["t1"].sampled == first.state.steps["t1"].sampled
    more = SearchBench(s.search_plan(4), store=first.store, run_id=f"{RUN[:-1]}c")
    end = more.run()
    assert statuses(end) == {**dict.fromkeys(s.trial_keys(3), "reused"), "t3": "succeeded", "tune": "succeeded"}
    other = SearchBench(s.search_plan(3, seed=8), store=first.store, run_id=f"{RUN[:-1]}d")
    assert statuses(other.run()) == dict.fromkeys([*s.trial_keys(3), s.TUNE], "succeeded")
