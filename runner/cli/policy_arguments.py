"""Options that override the retries, time limits and resources of a pipeline."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model.policy_overrides import PolicyOverrides

_OPTIONS: Mapping[str, tuple[str, str, str]] = {
    "retries": ("--retries", "N", "attempts to add after the script fails or exceeds its run timeout (default: 0)"),
    "infrastructure_retries": (
        "--infrastructure-retries",
        "N",
        "attempts to add after a node, pod or store is lost (default: 3)",
    ),
    "disruption_retries": (
        "--disruption-retries",
        "N",
        "attempts to add after an eviction or preemption (default: 20)",
    ),
    "retry_oom": ("--retry-oom", "FACTOR", "after out-of-memory, one more attempt with FACTOR times the memory"),
    "backoff": ("--backoff", "TIME", "pause before another attempt; it doubles each time (default: 1s)"),
    "queue_timeout": ("--queue-timeout", "TIME", "longest wait for a node: 90s, 15m, 2h (default: 24h)"),
    "start_timeout": ("--start-timeout", "TIME", "longest start on the node: image, volumes (default: 1h)"),
    "run_timeout": ("--run-timeout", "TIME", "longest run of an attempt (default: no limit)"),
    "deadline": ("--deadline", "TIME", "longest time for the whole run (default: no limit)"),
    "max_parallel": ("--max-parallel", "N", "most steps at the same time in this run (default: the target's limit)"),
    "cpu": ("--cpu", "CPU", "CPU request of each step: 2, 500m"),
    "memory": ("--memory", "SIZE", "memory request and limit of each step: 2Gi"),
    "gpu": ("--gpu", "N", "GPUs of each step"),
    "cpu_limit": ("--cpu-limit", "CPU", "CPU limit of each step: 2, 500m (default: no limit)"),
    "ephemeral_storage": ("--ephemeral-storage", "SIZE", "local disk request and limit of each step: 20Gi"),
    "secrets": ("--secrets", "NAMES", "secrets that scripts open by name, separated by commas: db,api"),
    "packages_until": (
        "--packages-until",
        "DATE",
        "install no package that is newer, in any environment: 2021-06-01 (default: what it states or implies)",
    ),
    "datastores": ("--datastores", "NAMES", "datastores that scripts open by name, separated by commas"),
}
"""By field name: the option, the placeholder of its value, its help text."""


def describe(parser: ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group(
        "policies", "for every step of this run; they override the pipeline file and runner.yaml"
    )
    for name, (option, metavar, help_) in _OPTIONS.items():
        group.add_argument(option, dest=name, metavar=metavar, help=help_)
    group.add_argument(
        "--continue-on-failure",
        dest="continue_on_failure",
        action="store_const",
        const=True,
        help="after a failure, run the steps that do not need the failed step (default: start no more steps)",
    )


def overrides(options: Namespace) -> PolicyOverrides:
    """Return the overrides that the options state. Raises BadInput with all problems."""
    from ..errors import BadInput
    from ..model.policy_overrides import parse_overrides

    given = {name: getattr(options, name, None) for name in (*_OPTIONS, "continue_on_failure")}
    found, problems = parse_overrides(given, lambda name: f"{_OPTIONS[name][0]} {given[name]}")
    if problems:
        raise BadInput(problems)
    return found
