"""The due times of a schedule: in words, and the next ones (pure)."""

from __future__ import annotations

from datetime import datetime

from ...model.occurrences import next_due
from ...model.published import Status
from ...model.schedule import Recurrence, ScheduleRecord


def coming(record: ScheduleRecord, now: datetime, number: int = 1) -> list[datetime]:
    """Return the next due times of an active schedule with a recurrence; of others none.

    Args:
        record: The schedule.
        now: The time.
        number: The most times. Default: 1.

    """
    if record.recurrence is None or record.status is not Status.ACTIVE:
        return []
    return next_due(record.recurrence, max(now, record.active_since), number)


def when(record: ScheduleRecord) -> str:
    """Return when a schedule is due, in words.

    Args:
        record: The schedule.

    """
    if record.recurrence is not None:
        return _recurrence(record.recurrence)
    if record.trigger is None:
        return ""
    minutes = record.trigger.polling_minutes
    place = f"{record.trigger.datastore}/{record.trigger.path}"
    return f"files of {place}, looked at every {minutes} minute{'' if minutes == 1 else 's'}"


def _recurrence(recurrence: Recurrence) -> str:
    unit = recurrence.frequency.value.lower()
    words = [f"every {unit}" if recurrence.interval == 1 else f"every {recurrence.interval} {unit}s"]
    words += [f"on {', '.join(each.value for each in recurrence.week_days)}"] if recurrence.week_days else []
    words += [f"hours {', '.join(map(str, recurrence.hours))}"] if recurrence.hours else []
    words += [f"minutes {', '.join(map(str, recurrence.minutes))}"] if recurrence.minutes else []
    return f"{' '.join(words)} from {recurrence.start} {recurrence.time_zone}"
