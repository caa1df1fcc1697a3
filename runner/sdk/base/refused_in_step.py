"""The methods of a session that a step's process refuses, each with the reason and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exceptions import NotOffered

if TYPE_CHECKING:
    from ...model.plan import Plan
    from ...model.published import PublishedRecord
    from ...model.schedule import ScheduleRecord
    from ...operations.published.pipelines import PublishOptions


class RefusedInStep:
    """The methods of a `Session` that only a driver has."""

    def publish(self, plan: Plan, options: PublishOptions) -> PublishedRecord:
        """Refuse: environments are locked and made before steps run.

        Args:
            plan: Not used.
            options: Its name, for the message.

        Returns:
            Nothing.

        Raises:
            NotOffered: Always.

        """
        raise NotOffered(
            f"the pipeline '{options.name}' cannot be published from inside a step",
            where="a step's process",
            remedy="publish it from the driver",
        )

    @property
    def target_in_force(self) -> str:
        """Return no target: a step starts nothing."""
        return ""

    def fire_schedule(self, record: ScheduleRecord) -> None:
        """Refuse: schedules are made by the driver.

        Args:
            record: Its name, for the message.

        Raises:
            NotOffered: Always.

        """
        self.place_schedule(record)

    def place_schedule(self, record: ScheduleRecord) -> None:
        """Refuse: schedules are made by the driver.

        Args:
            record: Its name, for the message.

        Raises:
            NotOffered: Always.

        """
        raise NotOffered(
            f"the schedule '{record.name}' cannot be made or changed from inside a step",
            where="a step's process",
            remedy="do it in the driver",
        )
