"""The order of package indexes."""

from __future__ import annotations

from runner.environments.index_order import ANY_INDEX, FIRST_INDEX, ordered, strategy

PRIVATE = "https://${TOKEN}@private/simple"
PUBLIC = "https://public/simple"


def test_without_a_private_index_the_rule_is_that_of_pip() -> None:
    lines = (f"--extra-index-url {PUBLIC}", "six")
    assert strategy(lines) == ANY_INDEX
    assert ordered(lines) == lines


def test_private_indexes_come_first_and_the_default_last() -> None:
    assert strategy([f"--extra-index-url={PRIVATE}"]) == FIRST_INDEX
    extra = ordered((f"--extra-index-url {PUBLIC}", f"--extra-index-url={PRIVATE}", "six"))
    assert extra == (
        f"--extra-index-url {PRIVATE}",
        f"--extra-index-url {PUBLIC}",
        "six",
    )
    alone = ordered((f"-i {PRIVATE}", "six"))
    assert alone == (f"--index-url {PRIVATE}", "six")
    both = ordered((f"--index-url {PRIVATE}", f"--extra-index-url {PUBLIC}"))
    assert both == (f"--extra-index-url {PRIVATE}", f"--index-url {PUBLIC}")
