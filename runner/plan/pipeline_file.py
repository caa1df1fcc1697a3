"""A pipeline file (docs/reference/pipeline-yaml.md) as a value, from nodes and back: `codec` has the YAML (pure).

Two stages of one form: a *draft* step names a folder of scripts (``source``), a *locked* one the
digest of its snapshot (``snapshot``); every other field is for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..dataclass import dataclass, field
from ..documents.decoding import Findings, decoded
from ..model.nodes import Node
from ..model.plan import Plan
from ..model.policy import RunPolicy, StepPolicy, merge_policies
from ..model.policy_overrides import field_readers
from ..model.reading import Readers
from .full_form import full_form

_READERS = Readers(field_readers(StepPolicy, RunPolicy))


@dataclass(frozen=True, kw_only=True)
class PipelineFile:
    """The content of one file: a plan, and how to submit it."""

    plan: Plan
    experiment: str = ""
    """Empty: the file's name."""
    tags: Mapping[str, str] = field(default_factory=dict)
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False


def from_node(node: Node, base: str, findings: Findings) -> PipelineFile | None:
    """Return the pipeline that a document describes; None, and problems in `findings`, if it describes none.

    Args:
        node: The document.
        base: The folder of the file: its paths are relative to it.
        findings: Takes all problems, each with its line and path.

    """
    full = full_form(node, base, findings)
    if full is None:
        return None
    file, policy = decoded(PipelineFile, full[0], findings, _READERS), decoded(StepPolicy, full[1], findings, _READERS)
    if file is None or policy is None or policy == StepPolicy():
        return file
    steps = tuple(replace(step, policy=merge_policies(step.policy, policy)) for step in file.plan.steps)
    return replace(file, plan=replace(file.plan, steps=steps))
