"""Kubernetes quantities, as far as comparisons need them.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from decimal import Decimal

_FORM = re.compile(r"([+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)")
_POWERS = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def amount(quantity: str) -> Decimal | None:
    """Return the plain number: ``100m`` is 0.1, ``1Ki`` is 1024; None if the text is no quantity."""
    match = _FORM.fullmatch(quantity.strip())
    if match is None:
        return None
    number, suffix = Decimal(match[1]), match[2]
    if suffix.endswith("i") and suffix[:-1] in ("K", "k", "M", "G", "T", "P", "E"):
        return number * Decimal(1024) ** _POWERS[suffix[:-1].replace("K", "k")]
    return number * Decimal(1000) ** _POWERS[suffix] if suffix in _POWERS else None


def exceeds(one: str, other: str) -> bool:
    """Return True if `one` is more than `other`; False if either is no quantity."""
    left, right = amount(one), amount(other)
    return left is not None and right is not None and left > right


def times(quantity: str, factor: float) -> str:
    """Return the quantity multiplied by `factor`, in mebibytes or a smaller unit; unchanged if it is no quantity."""
    plain = amount(quantity)
    return quantity if plain is None else in_bytes(int(plain * Decimal(str(factor))))


def in_bytes(number: int) -> str:
    """Return a number of bytes as people write it: ``2Gi``, ``1536Mi``; rounded up to whole mebibytes above one."""
    mebibytes = -(-number // 1024**2)
    if number < 1024**2:
        return str(number)
    return f"{mebibytes // 1024}Gi" if mebibytes % 1024 == 0 else f"{mebibytes}Mi"
