"""Options that go before what a pipeline says of further attempts, limits and resources."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model.stated import Stated

_OPTIONS: Mapping[str, tuple[str, str, str]] = {
    "retries": ("--retries", "N", "further attempts after a script's own failure or its time limit (default: 0)"),
    "infrastructure_retries": ("--infrastructure-retries", "N", "after the infrastructure lost one (default: 3)"),
    "disruption_retries": ("--disruption-retries", "N", "after the cluster took one away by intent (default: 20)"),
    "oom_factor": ("--retry-oom", "FACTOR", "one more after memory ran out, with FACTOR times the memory"),
    "backoff": ("--backoff", "TIME", "the pause before a further attempt, doubled each time (default: 1s)"),
    "queue_timeout": ("--queue-timeout", "TIME", "the longest wait for a place, like 90s, 15m, 2h (default: 24h)"),
    "start_timeout": ("--start-timeout", "TIME", "the longest start at its place: image, volumes (default: 1h)"),
    "run_timeout": ("--run-timeout", "TIME", "the longest an attempt may run (default: no limit)"),
    "deadline": ("--deadline", "TIME", "the longest the whole run may take (default: no limit)"),
    "max_parallel": ("--max-parallel", "N", "the most steps at a time in the run (default: the target's)"),
    "cpu": ("--cpu", "CPU", "what each step asks of its node: 2, 500m"),
    "memory": ("--memory", "SIZE", "likewise, and the most it may take: 2Gi"),
    "gpu": ("--gpu", "N", "GPUs of each step"),
    "cpu_limit": ("--cpu-limit", "CPU", "the most each step may take: 2, 500m (default: no limit)"),
    "ephemeral_storage": ("--ephemeral-storage", "SIZE", "local disk: asked of the node, and the most: 20Gi"),
    "secrets": ("--secrets", "NAMES", "secrets that scripts open by name, with commas between: db,api"),
    "datastores": ("--datastores", "NAMES", "likewise datastores"),
}
"""By the word's name: the option, what stands for its value, its help."""


def describe(parser: ArgumentParser) -> None:
    """Add them."""
    group = parser.add_argument_group("policies", "for every step, before its own word (docs/policies.md)")
    for name, (option, metavar, help_) in _OPTIONS.items():
        group.add_argument(option, dest=name, metavar=metavar, help=help_)
    group.add_argument(
        "--continue-on-failure",
        dest="continue_on_failure",
        action="store_const",
        const=True,
        help="run what does not need a failed step (default: the run stops at its first failure)",
    )


def words(options: Namespace) -> Stated:
    """What they say. Raises BadInput with everything that is wrong."""
    from ..errors import BadInput
    from ..model.stated import stated

    given = {name: getattr(options, name, None) for name in (*_OPTIONS, "continue_on_failure")}
    found, problems = stated(given, lambda name: f"{_OPTIONS[name][0]} {given[name]}")
    if problems:
        raise BadInput(problems)
    return found
