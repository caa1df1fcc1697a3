from __future__ import annotations

from runner.control.settle import settle
from tests.support import builders as b
from tests.support.call_count import calls_of


def settling(length: int) -> int:
    """Calls made to settle a chain of `length` whose first step has failed."""
    plan = b.plan(b.step("s0"), *(b.step(f"s{n}", f"s{n - 1}") for n in range(1, length)))
    failed = b.state(plan, b.started("s0"), b.failed("s0"), continue_on_step_failure=True)
    return calls_of(lambda: settle(plan, failed))


def test_settling_a_long_chain_costs_its_length() -> None:
    assert settling(2_400) < 2.2 * settling(1_200)
