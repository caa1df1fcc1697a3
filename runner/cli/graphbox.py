"""Rails beside the steps of a graph: one per set of steps that wait for the same (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_CORNERS = {
    # up, down, left, right
    (1, 1, 0, 0): "│", (1, 1, 0, 1): "├", (1, 1, 1, 0): "┤", (1, 1, 1, 1): "┼",
    (1, 0, 1, 0): "╯", (1, 0, 0, 1): "╰", (1, 0, 1, 1): "┴", (1, 0, 0, 0): "│",
    (0, 1, 1, 0): "╮", (0, 1, 0, 1): "╭", (0, 1, 1, 1): "┬",
}  # fmt: skip
_DASHES = str.maketrans("│─", "┊┄")


@dataclass
class Rail:
    """A line from finished steps down to those that wait for them."""

    waiting: frozenset[str]
    """The steps to come that it leads to."""
    dashed: frozenset[str] = frozenset()
    """Those of them that wait for the end alone, for no data."""


@dataclass
class Rails:
    """The columns of a drawing, from top to bottom."""

    columns: list[Rail | None] = field(default_factory=list)

    @property
    def passing(self) -> str:
        """A line of rails alone."""
        return " ".join(self._passing(at) for at in range(self._width))

    def enter(self, step: str, *, dashed: bool) -> tuple[int, str]:
        """Lead the rails of `step` to one column: that column, and the line that shows it (empty for a root)."""
        sources = [at for at, rail in enumerate(self.columns) if rail and step in rail.waiting]
        ending = [at for at in sources if self._at(at).waiting == {step}]
        column = ending[0] if ending else self._free()
        line = self._crossing(sources, column, frozenset(ending), dashed=dashed) if sources else ""
        for at in sources:
            rail = self._at(at)
            self.columns[at] = Rail(rail.waiting - {step}, rail.dashed - {step}) if at not in ending else None
        return column, line

    def beside(self, column: int, mark: str) -> list[str]:
        """The pieces of a step's line: its mark, with the rails that pass on both sides."""
        pieces = [self._passing(at) for at in range(max(self._width, column + 1))]
        pieces[column] = mark
        return [piece for at, each in enumerate(pieces) for piece in ((each, " ") if at < len(pieces) - 1 else (each,))]

    def leave(self, column: int, rail: Rail, *, alone: bool) -> str:
        """Lead on from the step at `column`; the line that shows how it joins another rail, unless it goes `alone`."""
        if not rail.waiting:
            return ""
        equal = [at for at, other in enumerate(self.columns) if other and other.waiting == rail.waiting]
        self.columns[column] = rail
        if not equal or alone:
            return ""
        line = self._crossing([column, equal[0]], equal[0], frozenset({column}), dashed=False)
        self.columns[equal[0]] = Rail(rail.waiting, rail.dashed & self._at(equal[0]).dashed)
        self.columns[column] = None
        return line

    @property
    def _width(self) -> int:
        return max((at + 1 for at, rail in enumerate(self.columns) if rail), default=0)

    def _at(self, column: int) -> Rail:
        return self.columns[column] or Rail(frozenset())

    def _free(self) -> int:
        free = next((at for at, rail in enumerate(self.columns) if rail is None), len(self.columns))
        if free == len(self.columns):
            self.columns.append(None)
        return free

    def _passing(self, column: int) -> str:
        rail = self.columns[column] if column < len(self.columns) else None
        if rail is None:
            return " "
        return "┊" if rail.waiting == rail.dashed else "│"

    def _crossing(self, sources: Sequence[int], column: int, ending: Iterable[int], *, dashed: bool) -> str:
        ends = {*sources, column}
        low, high = min(ends), max(ends)
        out: list[str] = []
        for at in range(max(self._width, high + 1)):
            inside = low <= at <= high
            across = "─".translate(_DASHES) if dashed else "─"
            if at in ends:
                up, down = at in sources, at == column or at not in ending
                piece = _CORNERS[int(up), int(down), int(at > low), int(at < high)]
                out.append(piece.translate(_DASHES) if dashed and low == high else piece)
            else:
                out.append(across if inside and self._passing(at) == " " else self._passing(at))
            out.append(across if low <= at < high else " ")
        return "".join(out).rstrip()
