"""A graph as a drawing for the terminal (pure).

Steps stand in an order in which each follows all it waits for, and what belongs together stands
together; rails on the left show who waits for whom. Steps that differ in their name alone are one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ..dataclass import dataclass
from ..operations.graph import Graph, GraphStep
from .formatting import clip
from .graphbox import Rail, Rails
from .paint import Paint
from .status_style import mark, style

_ALIKE = 4
"""From so many on, steps that differ in their name alone are shown as one."""
_STEP = "●"
_NAMES = 3
"""Producers named at most beside a rail."""
_LEAST = 10
"""Columns that texts keep, however wide the rails are."""
_ASCII = str.maketrans("●○◌✓✗■↷│┊─┄├┤┼╯╰┴╮╭┬…", "*o.vx#>|:--+++++++++~")


@dataclass(frozen=True)
class _GraphNode:
    """A node of the drawing: a step, or several similar ones."""

    steps: tuple[GraphStep, ...]

    @property
    def key(self) -> str:
        """Of the first."""
        return self.steps[0].key

    @property
    def name(self) -> str:
        """``score 1 … score 50``."""
        first, last = self.steps[0].name, self.steps[-1].name
        return first if len(self.steps) == 1 else f"{first} … {last}"


def graph_view(graph: Graph, paint: Paint, width: int = 0, *, every: bool = False) -> list[str]:
    """The drawing, no wider than `width` (0: as wide as it gets); with `every` each step has its own line."""
    return _Drawing(graph, paint, width, every=every).lines()


def plain(lines: Sequence[str]) -> list[str]:
    """The same for a terminal that knows ASCII only."""
    return [line.translate(_ASCII) for line in lines]


class _Drawing:
    def __init__(self, graph: Graph, paint: Paint, width: int, *, every: bool) -> None:
        self.paint, self.width = paint, width
        knots = _knots(graph, every=every)
        self.of = {step.key: knot for knot in knots for step in knot.steps}
        self.data: dict[tuple[str, str], tuple[str, ...]] = {}
        for link in graph.links:
            pair = (self.of[link.before].key, self.of[link.after].key)
            self.data[pair] = tuple(dict.fromkeys((*self.data.get(pair, ()), *link.data)))
        self.before: dict[str, list[str]] = defaultdict(list)
        self.after: dict[str, list[str]] = defaultdict(list)
        for before, after in self.data:
            self.before[after].append(before)
            self.after[before].append(after)
        self.order = tuple(_order(knots, self.before, self.after))

    def lines(self) -> list[str]:
        rails, out = Rails(), list[str]()
        for at, knot in enumerate(self.order, 1):
            coming = self.order[at].key if at < len(self.order) else ""
            if out and not self.before[knot.key]:
                out.append(rails.passing)  # or the last step would seem to lead to this one
            givers = self.before[knot.key]
            column, line = rails.enter(knot.key, dashed=not any(self.data[giver, knot.key] for giver in givers))
            if line:
                out.append(self._fitted(line, [(self._label(knot), "dim")]))
            out.append(self._step(rails.beside(column, "\0"), knot))
            takers = frozenset(self.after[knot.key])
            ordered = frozenset(taker for taker in takers if not self.data[knot.key, taker])
            if joined := rails.leave(column, Rail(takers, ordered), alone=coming in takers):
                out.append(joined)
        return out

    def _step(self, pieces: list[str], knot: _GraphNode) -> str:
        found = Counter(step.status for step in knot.steps if step.status)
        status = min(found, key=_rank) if found else ""
        many = len(knot.steps) > 1
        told = ", ".join(f"{count} {word}" for word, count in found.items()) if many else status
        size = f"({len(knot.steps)} steps)" if many else ""
        sign = self.paint(mark(status) if status else _STEP, style(status) or "bold")
        texts = [(knot.name, "bold"), (size, ""), (told, style(status)), (self._script(knot), "dim")]
        return self._fitted("".join(pieces), [(text, look) for text, look in texts if text]).replace("\0", sign)

    def _script(self, knot: _GraphNode) -> str:
        """Return the script of a step without a status."""
        scripts = {step.script for step in knot.steps}
        return scripts.pop() if len(scripts) == 1 and not knot.steps[0].status else ""

    def _label(self, knot: _GraphNode) -> str:
        """Return the label of the inputs, with their producers if there are several."""
        givers = self.before[knot.key]
        together: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for giver in givers:
            together[self.data[giver, knot.key]].append(self.of[giver].name)
        return "; ".join(_told(data, names, lone=len(givers) == 1) for data, names in together.items())

    def _fitted(self, rails: str, texts: Sequence[tuple[str, str]]) -> str:
        out, room = rails, max(self.width - len(rails), _LEAST) if self.width else 1 << 16
        for at, (text, look) in enumerate(texts):
            gap = " " if at == 0 else "  "
            if room <= len(gap) + 1:
                break
            shown = clip(text, room - len(gap))
            room -= len(gap) + len(shown)
            out += gap + self.paint(shown, look)
        return out


def _told(data: Sequence[str], names: Sequence[str], *, lone: bool) -> str:
    """``clean of prep, fetch and 3 more``; ``after prep`` where no data come."""
    rest = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    who = ", ".join(names[:_NAMES]) + rest
    if not data:
        return f"after {who}"
    return ", ".join(data) if lone else f"{', '.join(data)} of {who}"


def _rank(status: str) -> int:
    order = ("failed", "running", "canceling", "canceled", "queued", "skipped", "waiting", "succeeded", "reused")
    return order.index(status) if status in order else len(order)


def _knots(graph: Graph, *, every: bool) -> list[_GraphNode]:
    """Steps with the same neighbours and the same data between them together, unless they are few."""
    before: Mapping[str, set[object]] = defaultdict(set)
    after: Mapping[str, set[object]] = defaultdict(set)
    for link in graph.links:
        before[link.after].add((link.before, link.data))
        after[link.before].add((link.after, link.data))
    alike: dict[object, list[GraphStep]] = defaultdict(list)
    for step in graph.steps:
        near = (frozenset(before[step.key]), frozenset(after[step.key]))
        alike[(*near, step.script) if any(near) and not every else step.key].append(step)
    knots = [
        _GraphNode(together)
        for group in alike.values()
        for together in ([tuple(group)] if len(group) >= _ALIKE else [(step,) for step in group])
    ]
    place = {step.key: at for at, step in enumerate(graph.steps)}
    return sorted(knots, key=lambda knot: place[knot.key])


def _order(
    knots: Sequence[_GraphNode], before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> Iterator[_GraphNode]:
    """Depth first: a chain is followed to its end before the next one begins."""
    by_key = {knot.key: knot for knot in knots}
    place = {knot.key: at for at, knot in enumerate(knots)}
    missing = {key: len(before[key]) for key in by_key}
    ready = [key for key in reversed(by_key) if not missing[key]]
    while ready:
        key = ready.pop()
        yield by_key[key]
        for taker in sorted(after[key], key=place.__getitem__, reverse=True):
            missing[taker] -= 1
            if not missing[taker]:
                ready.append(taker)
