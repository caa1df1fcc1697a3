from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.model.layered_mapping import LayeredMapping
from tests.support.call_count import calls_of

CHANGES = st.lists(st.dictionaries(st.integers(0, 199), st.integers(), max_size=90), max_size=6)


@given(st.integers(1, 200), CHANGES)
def test_it_is_a_dict_that_is_replaced(size: int, batches: list[dict[int, int]]) -> None:
    plain = {str(number): 0 for number in range(size)}
    layered: LayeredMapping[int] = LayeredMapping(plain)
    before = [(layered, dict(plain))]
    for batch in batches:
        known = {str(number % size): value for number, value in batch.items()}
        plain, layered = {**plain, **known}, layered.changed(known)
        assert layered == plain
        assert (list(layered), len(layered)) == (list(plain), len(plain))
        assert all(layered[key] == value for key, value in plain.items())
        before.append((layered, dict(plain)))
    assert all(dict(old) == was for old, was in before), "an older one has changed"


def test_a_change_costs_the_same_however_much_there_is() -> None:
    small, large = (LayeredMapping({str(number): 0 for number in range(size)}) for size in (100, 100_000))
    assert calls_of(lambda: large.changed({"7": 1})) == calls_of(lambda: small.changed({"7": 1}))


def test_what_is_missing_is_missing() -> None:
    assert "x" not in LayeredMapping({"a": 1}, {"a": 2})
    assert repr(LayeredMapping({"a": 1}, {"a": 2})) == "LayeredMapping({'a': 2})"
