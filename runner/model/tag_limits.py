"""The limits of a run's tags (pure). Every list of runs reads the tags of all its runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..errors import Problem

LONGEST = 8 * 1024
"""Bytes of one tag: its name and its value, in UTF-8."""
MOST = 64 * 1024
"""Bytes of all tags of one run."""


def tag_problems(tags: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what is wrong with the tags of a new run.

    Args:
        tags: The values by name.

    """
    sizes = {name: _size(name) + _size(value) for name, value in tags.items()}
    for name, size in sizes.items():
        if size > LONGEST:
            what = f"the tag {name[:80]!r} has {size} bytes, and may have {LONGEST}"
            yield Problem(what, "tags", "write long texts to an output, and name it in the tag")
    if sum(sizes.values()) > MOST:
        what = f"the tags have {sum(sizes.values())} bytes together, and may have {MOST}"
        yield Problem(what, "tags", "use fewer or shorter tags")


def listed(names: Sequence[str], most: int = LONGEST // 2) -> str:
    """Return names as the value of a tag: as many of the first ones as fit, and the number of the others.

    Args:
        names: The names.
        most: The greatest length of the listed names, in bytes. Default: half of a tag.

    """
    told: list[str] = []
    left = most
    for name in names:
        left -= _size(name) + 2
        if left < 0:
            return ", ".join([*told, f"and {len(names) - len(told)} more"])
        told.append(name)
    return ", ".join(told)


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))
