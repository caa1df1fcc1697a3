"""Ended runs for tests of exports, with a secret that must come up nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runner.config.after_run import AfterRunConfig
from runner.errors import BadInput
from runner.operations.ended_run import EndedRun
from runner.operations.values import RunView
from runner.ports import ObjectStore
from tests.support import sample_run
from tests.support.canary import CANARY


def ended(
    store: ObjectStore | None = None,
    view: RunView | None = None,
    secrets: Mapping[str, str] | None = None,
    **datastores: ObjectStore,
) -> EndedRun:
    """A run that has ended: the sample run unless another one is given. Its secret ``key`` is the canary."""
    kept = store or sample_run.stored()
    known = {"key": CANARY} if secrets is None else secrets

    def secret(name: str) -> str:
        if name not in known:
            raise BadInput(f"there is no secret '{name}'")
        return known[name]

    return EndedRun(
        store=kept,
        view=view or sample_run.view(),
        datastore=lambda name: datastores.get(name, kept),
        settings=AfterRunConfig(),
        secret=secret,
        workspace="penguins-ws",
    )


def hostile(text: str = "\x1b[31m<script>alert(1)</script>\ud800\x00") -> EndedRun:
    """The sample run with a hostile text in its names, tags, reasons and parameters."""
    view = sample_run.view()
    plan = view.plan
    steps = tuple(replace(step, name=f"{step.name}{text}") for step in plan.steps)
    assert view.state.submission is not None
    said = replace(view.state.submission, experiment=f"e{text}", tags={f"t{text}": text}, parameters={"p": text})
    states = {key: replace(state, reason=f"{state.reason}{text}") for key, state in view.state.steps.items()}
    changed = RunView(replace(view.state, submission=said, steps=states), replace(plan, steps=steps))
    return ended(view=changed)
