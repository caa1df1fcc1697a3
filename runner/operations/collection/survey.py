"""Find the runs that no rule and no reference keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from ...data import retention
from ...data.dataset import Datastores
from ...model.keep_rule import KeepRule
from ...model.names import REGISTRY
from ...ports import ObjectStore
from . import listed, mentions, registrations, verdicts
from .listed import ListedRun
from .mentions import Mentions
from .outputs import Entry, RunOutputs, entries_naming, is_recent, outputs_of, run_named_by, unusable
from .reading import RunReader, contents, tags_of

REUSE, LOGGED, PLANS = "reuse/", "logged/runs/", "plans/"
Others = Callable[[], Iterable[ObjectStore]]
"""Return the stores of other workspaces, whose datasets and pipelines may read outputs of this one."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The runs of a workspace at one time."""

    known: verdicts.Known
    reasons: Mapping[str, str]
    """The reason of each run that is kept."""
    leaving: Mapping[str, RunOutputs]
    """The runs that are not kept, with their outputs."""
    unfinished: frozenset[str]
    """Those of them whose deletion has begun."""
    condemned: frozenset[str]
    """Runs that are marked for deletion, by this or an interrupted ``runner gc``."""
    registered: frozenset[str]
    """The digests that registrations name."""

    def listed(self, run: str) -> ListedRun:
        """Return what the listings show of a run."""
        return self.known.listed[run]


@dataclass(kw_only=True)
class Surveyor:
    """Looks at a workspace again and again. What an ended run refers to is read once."""

    store: ObjectStore
    datastores: Datastores
    rule: KeepRule
    others: Others
    read_only: Callable[[str], bool] = lambda _name: False
    """Returns True for a datastore, by its name, that refuses every deletion. May raise BadInput."""
    pool: Executor | None = None
    """Threads for requests to a bucket. None: one request after the other."""
    _reader: RunReader = field(init=False)
    _outputs: dict[str, RunOutputs] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._reader = RunReader(read=self.read)

    def read(self, keys: Sequence[str]) -> Iterable[bytes | None]:
        """Return the content of each object of the workspace store, None for one that is absent. Raises StoreError."""
        return contents(self.store, keys, self.pool)

    def look(self) -> Survey:
        """Return the runs as they are now. Raises BadInput, StoreError."""
        parents = listed.parents_of(self.store)
        runs = listed.runs_of(self.store)
        ends = self._reader.ends(runs.values())
        known = verdicts.Known(rule=self.rule, now=self.store.now(), listed=runs, ends=ends, parents=parents)
        condemned = frozenset(run for run, one in runs.items() if one.condemned)
        unfinished = self._unfinished(condemned)
        reasons = verdicts.by_themselves(known)
        reasons.update(self._tagged(one for run, one in runs.items() if run not in reasons))
        reasons = self._without(verdicts.with_families(known, reasons), unfinished)
        said = self._reader.mentions(runs[run] for run in reasons)
        anchors = tuple(self._anchors(searching=len(reasons) + len(unfinished) < len(runs)))
        reasons = self._without(verdicts.with_references(known, reasons, said, anchors), unfinished)
        leaving = {run: self._outputs_of(one) for run, one in runs.items() if run not in reasons}
        stays = self._held_by_outputs(known, {run: its for run, its in leaving.items() if run not in unfinished})
        reasons.update(stays)
        return Survey(
            known=known,
            reasons=reasons,
            leaving={run: its for run, its in leaving.items() if run not in stays},
            unfinished=unfinished,
            condemned=condemned,
            registered=frozenset().union(*(mention.digests for _, mention in anchors)),
        )

    def digests(self, survey: Survey, *, without: Collection[str] = ()) -> frozenset[str]:
        """Return the digests that registrations, the documents of all runs, and reusable results name.

        Args:
            survey: The runs.
            without: Runs whose documents and results do not count.

        """
        runs = [one for run, one in survey.known.listed.items() if run not in without]
        said = self._reader.mentions(runs).values()
        return survey.registered.union(
            self._reported(), self._reusable(without), *(mention.digests for mention in said)
        )

    def in_progress(self, survey: Survey) -> dict[str, ListedRun]:
        """Return the runs in progress as they are now: those of a survey, and new ones."""
        before = [run for run, reason in survey.reasons.items() if reason in (verdicts.IN_PROGRESS, verdicts.UNBEGUN)]
        runs = listed.runs_again(self.store, before, survey.known.listed)
        ends = self._reader.ends(runs.values())
        return {run: one for run, one in runs.items() if run not in ends}

    def entries_naming(self, runs: Mapping[str, RunOutputs]) -> list[Entry]:
        """Return the reuse entries that name outputs of these runs. Raises StoreError."""
        return entries_naming(self.read, runs, {info.key: info for info in self.store.list(REUSE)})

    def _unfinished(self, condemned: frozenset[str]) -> frozenset[str]:
        keys = [retention.condemned_key(run) for run in sorted(condemned)]
        marks = zip(sorted(condemned), self.read(keys), strict=True)
        return frozenset(run for run, mark in marks if mark and retention.is_final(mark))

    @staticmethod
    def _without(reasons: Mapping[str, str], unfinished: frozenset[str]) -> dict[str, str]:
        return {run: reason for run, reason in reasons.items() if run not in unfinished}

    def _tagged(self, runs: Iterable[ListedRun]) -> Iterator[tuple[str, str]]:
        for one in runs:
            tags = tags_of(self.read, one.run, one.tags)
            if self.rule.keeps_tagged(tags):
                yield one.run, f"tagged {', '.join(sorted(tags))}"

    def _outputs_of(self, one: ListedRun) -> RunOutputs:
        if one.run not in self._outputs or one.condemned:
            self._outputs[one.run] = outputs_of(self.read, one.run, one.assignments)
        return self._outputs[one.run]

    def _held_by_outputs(self, known: verdicts.Known, leaving: Mapping[str, RunOutputs]) -> dict[str, str]:
        """Return the reasons of runs whose outputs cannot be deleted, or whose results were stored for reuse lately."""
        problems = {run: unusable(self.datastores, self.read_only, outputs) for run, outputs in leaving.items()}
        reasons = {run: problem for run, problem in problems.items() if problem}
        entries = self.entries_naming(leaving) if leaving else []
        for entry in entries:
            if is_recent(entry.info, known.now, self.rule.age):
                reasons.setdefault(entry.run, "its results were stored for reuse within that time")
        return reasons

    def _anchors(self, *, searching: bool) -> Iterator[tuple[str, Mentions]]:
        """Yield what registrations refer to; those of other workspaces too if there is anything to delete."""
        yield from registrations.references(self.store, self.read)
        for other in self.others() if searching else ():
            for prefix, noun in ((REGISTRY, "a registration"), (PLANS, "a pipeline")):
                found = mentions.in_documents(self._documents(other, prefix))
                yield f"{noun} of another workspace", Mentions(runs=found.runs, every_output=found.elsewhere)

    def _documents(self, store: ObjectStore, prefix: str) -> Iterator[bytes]:
        """Yield the documents of another workspace's registry, or those below another prefix."""
        if prefix == REGISTRY:
            keys = registrations.document_keys(store)
        else:
            keys = [info.key for info in store.list(prefix) if info.key.endswith(".json")]
        yield from (data for data in contents(store, keys, self.pool) if data)

    def _reusable(self, without: Collection[str]) -> frozenset[str]:
        """Return the digests that reuse entries name, but for those of some runs.

        An attempt that is killed in a bucket before its commit leaves an entry that no commit record confirms.
        """
        keys = [info.key for info in self.store.list(REUSE)]
        entries = zip(keys, self.read(keys), strict=True)
        return mentions.in_documents(
            data for key, data in entries if data and run_named_by(key, data) not in without
        ).digests

    def _reported(self) -> frozenset[str]:
        """Return the digests that runs without steps report."""
        keys = [info.key for info in self.store.list(LOGGED) if listed.is_report(info.key)]
        return mentions.in_documents(data for data in self.read(keys) if data).digests
