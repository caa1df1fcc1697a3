"""A pipeline of the packages above, as published pipelines, endpoints and drafts see it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ...model.plan import Plan
from ..base.exceptions import UserErrorException
from .published_pipeline import PublishedPipeline


@runtime_checkable
class Authored(Protocol):
    """A Pipeline: it has a draft plan, and can be published."""

    stored: bool
    """True once it was published or made a draft."""

    @property
    def plan(self) -> Plan:
        """The draft plan."""

    def publish(self, name: str | None = None, description: str | None = None) -> PublishedPipeline:
        """Publish it, and return what was published.

        Args:
            name: The name. None: a default.
            description: Text for people. None: none.

        """


def published(pipeline: object, name: str, description: str | None) -> PublishedPipeline:
    """Return a published pipeline as it is, and publish a pipeline under a name.

    Args:
        pipeline: A PublishedPipeline or a Pipeline.
        name: The name to publish under.
        description: The description to publish with. None: none.

    Raises:
        UserErrorException: It is of another type.

    """
    if isinstance(pipeline, PublishedPipeline):
        return pipeline
    if isinstance(pipeline, Authored):
        return pipeline.publish(name=name, description=description)
    raise not_published(pipeline)


def not_published(pipeline: object) -> UserErrorException:
    """Return the error for what is no published pipeline.

    Args:
        pipeline: The object that was given.

    """
    return UserErrorException(
        f"a {type(pipeline).__name__} cannot be a version of a pipeline endpoint",
        remedy="pass a PublishedPipeline, which pipeline.publish(...) returns",
    )
