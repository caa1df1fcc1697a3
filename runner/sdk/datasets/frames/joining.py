"""Union of the rows of several files in one frame, without a change to any value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

EXACT = 2**53
"""Up to here every integer has a 64-bit float of its own."""


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of every file one after another; columns are united by name.

    Args:
        frames: The rows of each file.

    """
    import pandas as pd

    filled = [frame for frame in frames if len(frame.columns)] or [frames[0]]
    if len(filled) == 1:
        return filled[0]
    return pd.concat(_without_rounding(filled), ignore_index=True, sort=False)  # pandas 0.25 would sort the columns


def _without_rounding(frames: Sequence[pd.DataFrame]) -> Sequence[pd.DataFrame]:
    """Make objects of integers that pandas would turn into floats which differ from them.

    pandas turns integers into floats where another file lacks the column, or has floats in it.
    """
    kinds = [{column: kind.kind for column, kind in frame.dtypes.items()} for frame in frames]
    numbers = {column for one in kinds for column, kind in one.items() if kind in "iu"}
    risky = {column for column in numbers if _is_rounded(column, frames, kinds)}
    if not risky:
        return frames
    return [frame.astype({column: object for column in risky if column in frame.columns}) for frame in frames]


def _is_rounded(column: object, frames: Sequence[pd.DataFrame], kinds: Sequence[Mapping[object, str]]) -> bool:
    found = [kind.get(column, "") for kind in kinds]
    if not {"", "f"} & set(found):
        return False
    return any(bool((frame[column].abs() >= EXACT).any()) for frame, kind in zip(frames, found) if kind in ("i", "u"))
