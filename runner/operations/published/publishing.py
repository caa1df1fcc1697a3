"""Publication of a pipeline whose environments are ready: lock its plan, then enter its record."""

from __future__ import annotations

from dataclasses import replace

from ...data import retention
from ...errors import BadInput
from ...model.plan import Plan
from ...model.published import PublishedRecord
from ...plan.data_parameters import paths_read
from ...plan.lock import lock
from ...ports import ObjectStore
from ...runs import plans
from ..submit import upload_snapshots
from . import pipelines


def enter(store: ObjectStore, plan: Plan, record: PublishedRecord) -> PublishedRecord:
    """Lock and store a plan, then the record that names it, and return that record.

    The record comes last, so nobody sees a pipeline that is not complete.

    Args:
        store: The workspace store.
        plan: The plan, which has passed preflight.
        record: The record; its field `plan` is filled in.

    Raises:
        BadInput: A source directory cannot be a snapshot, or an input is the output of a run that `runner gc` deletes.
        StoreError: The store cannot be used.

    """
    locked = lock(plan, upload_snapshots(store, plan))
    whole = replace(record, plan=plans.save(store, locked))
    pipelines.create(store, whole)
    try:  # after the record: `runner gc` keeps what this one reads, or has begun to delete it before
        retention.refuse_gone_outputs(store, paths_read(locked))
    except BadInput:
        pipelines.withdraw(store, whole)
        raise
    return whole
