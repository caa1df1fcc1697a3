from __future__ import annotations

import math
from statistics import NormalDist, fmean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.control.sampling import draw, grid_point, quantized, values_of
from runner.model.search import Expression, Sampling, grid_size
from tests.support import search_plans as s


def drawn(kind: str, *arguments: object, many: int = 4000) -> list[Any]:
    return [draw(Expression(kind, arguments), 1, number, "x") for number in range(many)]


def distance(values: list[float], cumulative: Any) -> float:
    """The statistic of Kolmogorov and Smirnov, times the root of the number of values: 1.63 at one percent."""
    ordered, many = sorted(values), len(values)
    gaps = [max((n + 1) / many - cumulative(x), cumulative(x) - n / many) for n, x in enumerate(ordered)]
    return float(max(gaps)) * math.sqrt(many)


@pytest.mark.parametrize(
    ("kind", "arguments", "cumulative"),
    [
        ("uniform", (-2.0, 6.0), lambda x: (x + 2) / 8),
        ("loguniform", (-3.0, 2.0), lambda x: (math.log(x) + 3) / 5),
        ("normal", (5.0, 2.0), NormalDist(5, 2).cdf),
        ("lognormal", (1.0, 0.5), lambda x: NormalDist(1, 0.5).cdf(math.log(x))),
    ],
)
def test_values_have_their_distribution(kind: str, arguments: tuple[float, ...], cumulative: Any) -> None:
    assert distance(drawn(kind, *arguments), cumulative) < 1.63


@pytest.mark.parametrize(
    ("kind", "arguments", "plain"),
    [
        ("quniform", (1.0, 9.0, 2), "uniform"),
        ("qloguniform", (0.0, 3.0, 0.5), "loguniform"),
        ("qnormal", (3.0, 2.0, 1), "normal"),
        ("qlognormal", (1.0, 0.5, 0.1), "lognormal"),
    ],
)
def test_a_q_rounds_the_value_that_the_plain_expression_has(
    kind: str, arguments: tuple[float, float, float], plain: str
) -> None:
    q = arguments[2]
    for rounded, value in zip(drawn(kind, *arguments, many=300), drawn(plain, *arguments[:2], many=300), strict=True):
        assert abs(rounded - value) <= q / 2 + 1e-9
        assert rounded / q == pytest.approx(round(rounded / q))
        assert isinstance(rounded, type(q))


@pytest.mark.parametrize(
    ("value", "q", "found"),
    [(0.31, 0.1, "0.3"), (0.29, 0.1, "0.3"), (7.4, 5, "5"), (-7.6, 5, "-10"), (2.5, 1, "2"), (3.5, 1, "4")],
)
def test_a_rounded_value_is_written_without_noise(value: float, q: float, found: str) -> None:
    assert str(quantized(value, q)) == found


def test_each_option_and_each_whole_number_comes_as_often() -> None:
    for values in (drawn("choice", "a", "b", "c", "d"), drawn("randint", 4)):
        counts = [values.count(one) for one in set(values)]
        assert len(counts) == 4
        assert all(abs(count - 1000) < 110 for count in counts)  # four standard deviations
    assert set(drawn("randint", 4)) == {0, 1, 2, 3}
    assert {type(one) for one in drawn("choice", *(1, "1", 1.0, True))} == {int, str, float, bool}


def test_hyperparameters_and_seeds_do_not_follow_each_other() -> None:
    expression = Expression("uniform", (0.0, 1.0))
    ways = [
        [draw(expression, 1, n, "x") for n in range(1000)],
        [draw(expression, 1, n, "y") for n in range(1000)],
        [draw(expression, 2, n, "x") for n in range(1000)],
        [draw(expression, 1, n + 1, "x") for n in range(1000)],
    ]
    for way in ways[1:]:
        pairs = [(a, c) for a, c in zip(ways[0], way, strict=True) if isinstance(a, float) and isinstance(c, float)]
        left, right = [a for a, _ in pairs], [c for _, c in pairs]
        product = fmean((a - fmean(left)) * (c - fmean(right)) for a, c in pairs)
        assert abs(product / (stdev(left) * stdev(right))) < 0.12


def test_values_are_these_for_ever() -> None:
    """A run that goes on with another version of Python, or on another machine, must not draw other values."""
    search = s.search(
        2,
        space={
            "--lr": Expression("loguniform", (-6, -1)),
            "--momentum": Expression("normal", (0.9, 0.05)),
            "--width": Expression("quniform", (10, 90, 10)),
            "--decay": Expression("qlognormal", (-3.0, 1.0, 0.01)),
            "--depth": Expression("randint", (12,)),
            "--kind": Expression("choice", ("a", "b", "c")),
        },
        seed=42,
    )
    assert [values_of(search, number) for number in range(2)] == EXPECTED


EXPECTED = [
    {
        "--lr": 0.058690478242463325,
        "--momentum": 0.959700700250988,
        "--width": 30,
        "--decay": 0.03,
        "--depth": 2,
        "--kind": "c",
    },
    {
        "--lr": 0.0067652822880520415,
        "--momentum": 0.8683764715615631,
        "--width": 90,
        "--decay": 0.01,
        "--depth": 9,
        "--kind": "b",
    },
]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_a_grid_has_every_point_once_and_the_last_name_changes_first(sizes: list[int]) -> None:
    space = {f"--p{n}": Expression("choice", tuple(range(size))) for n, size in enumerate(sizes)}
    points = [grid_point(space, number) for number in range(grid_size(space))]
    assert [tuple(point.values()) for point in points] == sorted({tuple(point.values()) for point in points})
    assert len(points) == math.prod(sizes)
    assert all(list(point) == sorted(space) for point in points)
    turned = dict(reversed(space.items()))
    assert [grid_point(turned, number) for number in range(len(points))] == points
    with pytest.raises(ValueError, match="the grid has no point"):
        grid_point(space, len(points))


def test_resumed_values_come_first() -> None:
    search = s.search(6, sampling=Sampling.GRID, space=s.GRID, resumed=({"--b": 3, "--a": "y"},))
    assert [list((values_of(search, n) or {}).items()) for n in range(3)] == [
        [("--a", "y"), ("--b", 3)],
        [("--a", "x"), ("--b", 1)],
        [("--a", "x"), ("--b", 2)],
    ]


def test_bayesian_values_are_not_drawn_here() -> None:
    search = s.search(2, sampling=Sampling.BAYESIAN, resumed=({"--lr": 0.1, "--layers": 2},))
    assert values_of(search, 0) == {"--lr": 0.1, "--layers": 2}
    assert values_of(search, 1) is None
