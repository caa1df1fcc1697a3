"""The order of package indexes, where one of them is private (pure).

pip takes the best version that any index has. So anybody who puts a package of the same name and a higher version on
the public index gets it installed ("dependency confusion"). If an index of an environment names a secret, uv is
therefore told to take a package from the first index that has it, and the private indexes come first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..model.redaction import REFERENCE

ANY_INDEX = "unsafe-best-match"
"""uv's name of pip's rule."""
FIRST_INDEX = "first-index"
_OPTION = re.compile(r"(?P<option>-i|--index-url|--extra-index-url)(?:\s+|\s*=\s*)(?P<url>\S+)")


def strategy(lines: Sequence[str]) -> str:
    """Return uv's strategy for indexes.

    Args:
        lines: Lines of pip.

    """
    private = any(REFERENCE.search(url) for _, url in _indexes(lines))
    return FIRST_INDEX if private else ANY_INDEX


def ordered(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the lines with the private indexes first, as uv orders them; without a private one as they are.

    uv asks the extra indexes in their order, and the one of ``--index-url`` last. If no line states that one, it is the
    machine's: PyPI, or the mirror that pip is configured with.

    Args:
        lines: Lines of pip.

    """
    if strategy(lines) == ANY_INDEX:
        return tuple(lines)
    stated = _indexes(lines)
    extra = [url for option, url in stated if option == "--extra-index-url"]
    main = [url for option, url in stated if option != "--extra-index-url"][-1:]
    urls = sorted(dict.fromkeys((*main, *extra)), key=lambda url: not REFERENCE.search(url))
    rest = [line for line in lines if not _OPTION.fullmatch(line.strip())]
    last = [f"--index-url {urls.pop()}"] if main else []
    return (*(f"--extra-index-url {url}" for url in urls), *last, *rest)


def _indexes(lines: Sequence[str]) -> list[tuple[str, str]]:
    found = (_OPTION.fullmatch(line.strip()) for line in lines)
    return [(match["option"], match["url"]) for match in found if match]
