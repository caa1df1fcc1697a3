"""Validate the searches of a plan and their trials (pure)."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator

from ..errors import Problem
from ..model.plan import Plan
from ..model.search import ARITY, CHOICE, Expression, Sampling, Search, Stopping, StoppingRule, grid_size
from ..model.step import SampledArguments, StepSpec

_BAYESIAN = (CHOICE, "uniform", "quniform")
"""The expressions that Bayesian sampling takes, as in v1."""
_DEVIATIONS = 13.0
"""The most standard deviations that a drawn value lies from the mean (`control.sampling`)."""
_SCALARS = (str, int, float, bool)


def problems(plan: Plan) -> Iterator[Problem]:
    """Yield the problems of the plan's searches and trials."""
    for step in plan.steps:
        where = f"step '{step.name}'"
        yield from _trial_problems(plan, step, where)
        if step.search is not None:
            yield from _listing_problems(plan, step, step.search, where)
            yield from _search_problems(step.search, where)


def _trial_problems(plan: Plan, step: StepSpec, where: str) -> Iterator[Problem]:
    samples = any(isinstance(argument, SampledArguments) for argument in step.command)
    if not step.trial_of:
        if samples:
            yield Problem("its arguments are sampled, and it is no trial", where, "name its search: trial_of")
        return
    parent = plan.by_key.get(step.trial_of)
    if parent is None or parent.search is None:
        yield Problem(f"it is a trial of '{step.trial_of}', which is no search of this pipeline", where, "name one")
    elif step.key not in parent.search.numbers:
        yield Problem(f"the search '{step.trial_of}' does not list it", where, "add it to the search's trials")
    if not samples:
        yield Problem("it is a trial and has no place for sampled arguments", where, "add them to its arguments")
    if step.search is not None or step.always:
        what = "a search" if step.search is not None else "a step that always runs"
        yield Problem(f"it is a trial and {what} at once", where, "make two steps of it")


def _listing_problems(plan: Plan, step: StepSpec, search: Search, where: str) -> Iterator[Problem]:
    if not search.trials:
        yield Problem("its search has no trials", where, "list at least one")
    for key, count in Counter(search.trials).items():
        if count > 1:
            yield Problem(f"its search lists the trial '{key}' {count} times", where, "list it once")
        trial = plan.by_key.get(key)
        if trial is None:
            yield Problem(f"its search lists '{key}', which is not in the pipeline", where, "add that step")
        elif trial.trial_of != step.key:
            yield Problem(f"its search lists '{key}', which is no trial of it", where, f"add trial_of: {step.key}")


def _search_problems(search: Search, where: str) -> Iterator[Problem]:
    if not search.metric:
        yield Problem("its search names no metric", where, "name the metric that the trials log")
    if search.concurrent < 1:
        yield Problem(f"its search runs {search.concurrent} trials at a time", where, "set concurrent to 1 or more")
    if not (math.isfinite(search.minutes) and search.minutes > 0):
        yield Problem(f"its search has {search.minutes:g} minutes", where, "give it more than 0")
    yield from _space_problems(search, where)
    if search.rule is not None:
        yield from (Problem(what, where, remedy) for what, remedy in _rule_problems(search.rule))
        if search.sampling is Sampling.BAYESIAN:
            what = "Bayesian sampling learns from whole trials, and its search stops some early"
            yield Problem(what, where, "leave the rule out, or choose another sampling")


def _space_problems(search: Search, where: str) -> Iterator[Problem]:
    if not search.space:
        yield Problem("its search has no hyperparameters", where, "add at least one to its space")
    for name, expression in search.space.items():
        wrong = _expression_problem(expression) or _unfit(search.sampling, expression)
        if wrong:
            yield Problem(f"its hyperparameter '{name}' {wrong[0]}", where, wrong[1])
    if search.sampling is Sampling.GRID and all(one.kind == CHOICE for one in search.space.values()):
        size = grid_size(search.space) + len(search.resumed)
        if len(search.trials) > size:
            what = f"its search has {len(search.trials)} trials, and its grid only {size} points"
            yield Problem(what, where, f"list {size} trials")
    if len(search.resumed) > len(search.trials):
        what = f"its search resumes {len(search.resumed)} trials and has {len(search.trials)}"
        yield Problem(what, where, "list more trials")
    for values in (*search.resumed, *(past.values for past in search.past)):
        if values.keys() != search.space.keys():
            names = ", ".join(values) or "none"
            yield Problem(f"its search resumes values of other hyperparameters: {names}", where, "keep the space")
            break


def _expression_problem(expression: Expression) -> tuple[str, str] | None:
    """Return what is wrong with an expression, and the remedy."""
    kind, given = expression.kind, expression.arguments
    if kind == CHOICE:
        if not given:
            return "has no options", "give choice at least one"
        odd = next((one for one in given if not _is_option(one)), None)
        return None if odd is None else (f"has the option {odd!r}", "give texts, finite numbers, true, false, or null")
    if kind not in ARITY:
        return f"has the unknown expression '{kind}'", f"use one of: {CHOICE}, {', '.join(ARITY)}"
    if len(given) != ARITY[kind]:
        return f"gives {kind} {len(given)} arguments", f"give it {ARITY[kind]}"
    numbers = [one for one in given if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if len(numbers) < len(given) or not all(map(math.isfinite, numbers)):
        return f"gives {kind} an argument that is no finite number", "give numbers"
    return _range_problem(kind, numbers)


def _range_problem(kind: str, numbers: list[float]) -> tuple[str, str] | None:
    if kind == "randint":
        whole = isinstance(numbers[0], int) and numbers[0] >= 1
        return None if whole else (f"gives randint the bound {numbers[0]}", "give a whole number of 1 or more")
    if kind.startswith("q") and numbers[2] <= 0:
        return f"gives {kind} the distance {numbers[2]}", "give a number above 0"
    if kind.endswith("uniform") and numbers[0] > numbers[1]:
        return f"gives {kind} the range from {numbers[0]} to {numbers[1]}", "give the least number first"
    if kind.endswith("normal") and numbers[1] < 0:
        return f"gives {kind} the standard deviation {numbers[1]}", "give 0 or more"
    return None if _is_bounded(kind, numbers) else (f"gives {kind} numbers whose exp() is too large", "give logarithms")


def _is_bounded(kind: str, numbers: list[float]) -> bool:
    """Return True if no value of the expression is too large for a float."""
    if "log" not in kind:
        return True
    most = numbers[1] if kind.endswith("uniform") else numbers[0] + _DEVIATIONS * numbers[1]
    return most < math.log(sys.float_info.max)


def _unfit(sampling: Sampling, expression: Expression) -> tuple[str, str] | None:
    if sampling is Sampling.GRID and expression.kind != CHOICE:
        return f"is {expression.kind}(…), and a grid has no end then", "use choice, or random sampling"
    if sampling is Sampling.BAYESIAN and expression.kind not in _BAYESIAN:
        return f"is {expression.kind}(…)", f"Bayesian sampling takes {', '.join(_BAYESIAN)}; or use random sampling"
    return None


def _is_option(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, _SCALARS)


def _rule_problems(rule: StoppingRule) -> Iterator[tuple[str, str]]:
    if rule.interval < 1:
        yield f"its rule has the interval {rule.interval}", "set it to 1 or more"
    if rule.delay < 0:
        yield f"its rule has the delay {rule.delay}", "set it to 0 or more"
    slacks = [one for one in (rule.slack_factor, rule.slack_amount) if one is not None]
    if rule.kind is Stopping.BANDIT and len(slacks) != 1:
        yield "its bandit rule takes slack_factor or slack_amount", "give one of them"
    if rule.kind is not Stopping.BANDIT and slacks:
        yield f"its {rule.kind.value} rule takes no slack", "leave it out"
    if any(not (math.isfinite(one) and one >= 0) for one in slacks):
        yield "the slack of its rule is no number of 0 or more", "correct it"
    if rule.kind is Stopping.TRUNCATION and not 1 <= rule.percentage <= 99:
        yield f"its truncation rule stops {rule.percentage} percent", "give 1 to 99"
    if rule.kind is not Stopping.TRUNCATION and rule.percentage:
        yield f"its {rule.kind.value} rule takes no percentage", "leave it out"
