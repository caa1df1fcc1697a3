from __future__ import annotations

from decimal import Decimal

import pytest

from runner.model.quantity import amount, exceeds


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("1", "1"),
        ("100m", "0.1"),
        ("0.5", "0.5"),
        ("1k", "1000"),
        ("1Ki", "1024"),
        ("2Gi", str(2 << 30)),
        ("1e3", "1000"),
        ("1E", "1000000000000000000"),
        ("-1", "-1"),
    ],
)
def test_amounts(quantity: str, number: str) -> None:
    assert amount(quantity) == Decimal(number)


@pytest.mark.parametrize("text", ["", "x", "1Gb", "1 Gi", "Gi", "1mi"])
def test_what_is_no_quantity(text: str) -> None:
    assert amount(text) is None


@pytest.mark.parametrize(
    ("one", "other", "more"),
    [("1Gi", "1G", True), ("1", "1000m", False), ("2", "1", True), ("x", "1", False), ("1", "", False)],
)
def test_comparison(one: str, other: str, more: bool) -> None:
    assert exceeds(one, other) is more
