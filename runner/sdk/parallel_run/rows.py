"""The result of an entry script's ``run()``: its number of items, and its rows for the output file.

pandas and numpy are the script's: their values are known by what they can do, so that nothing is imported.
"""

from __future__ import annotations

from typing import Any

from .script_errors import Unusable


def number_of(returned: Any) -> int:  # noqa: ANN401 - a script returns what it likes
    """Return the number of items for which ``run()`` has returned something.

    Args:
        returned: Its result.

    Raises:
        Unusable: It is no list, array, DataFrame or Series.
    """
    if returned is None or isinstance(returned, (str, bytes, dict)) or not hasattr(returned, "__len__"):
        what = "None" if returned is None else f"a {type(returned).__name__}"
        raise Unusable(f"run() returned {what}; return a list, an array or a DataFrame with an element for each item")
    if getattr(returned, "ndim", 1) == 0:
        raise Unusable("run() returned an array without a dimension; return an element for each item")
    return len(returned)


def rows_of(returned: Any) -> bytes:  # noqa: ANN401 - a script returns what it likes
    """Return the rows: a line for each element, as v1's ``append_row`` writes them.

    Rows of a DataFrame have its cells with a space between them, without header and index. Another element is written
    as ``str()`` shows it.

    Args:
        returned: The result of ``run()``, for which `number_of` has returned a number.
    """
    if _is_frame(returned):
        text = returned.to_csv(sep=" ", header=False, index=False) if len(returned) else ""
    else:
        text = "".join(str(element) + "\n" for element in returned)
    return str(text).encode("utf-8", "surrogateescape")


def _is_frame(value: Any) -> bool:  # noqa: ANN401 - a script returns what it likes
    return getattr(value, "ndim", 0) == 2 and hasattr(value, "to_csv") and hasattr(value, "columns")
