"""TrainingOutput: metrics or model of an AutoMLStep or a HyperDriveStep; other steps cannot make one."""

from __future__ import annotations


class TrainingOutput:
    """The metrics or the model of a training step.

    Args:
        type: ``"Metrics"`` or ``"Model"``.
        iteration, metric, model_file: Kept as in v1. None: none.

    Raises:
        ValueError: `type` is another.

    """

    def __init__(
        self, type: str, iteration: int | None = None, metric: str | None = None, model_file: str | None = None
    ) -> None:
        if type not in {"Metrics", "Model"}:
            raise ValueError(f"TrainingOutput: type {type!r} is not one of Metrics, Model")
        self.type = type
        self.iteration = iteration
        self.metric = metric
        self.model_file = model_file
