"""Versions of a pipeline endpoint, as its lists show them."""

from __future__ import annotations

from ...dataclass import dataclass
from .published_pipeline import PublishedPipeline


@dataclass(frozen=True)
class PipelineVersion:
    """A version of an endpoint with its pipeline."""

    version: str
    pipeline: PublishedPipeline


@dataclass(frozen=True)
class PipelineIdVersion:
    """A version of an endpoint with the id of its pipeline."""

    version: str
    pipeline_id: str
