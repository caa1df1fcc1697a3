"""Places of steps, as graph_layout.js computes them in a browser."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from shutil import which
from typing import Any

import pytest

from runner.pages.assets import content
from runner.pages.graph_data import LAYOUT_SCRIPTS


def laid_out(nodes: list[str], links: list[list[str]]) -> dict[str, Any]:
    """What graph_layout.js makes of a graph, by node."""
    asked = {"nodes": [{"id": key, "width": 190, "height": 46} for key in nodes], "links": links}
    code = "\n".join(content(name).decode() for name in LAYOUT_SCRIPTS)
    call = f"runnerPages.layOutGraph({json.dumps(asked)})"
    program = f"{code}\nglobalThis.dagre = dagre;\nprocess.stdout.write(JSON.stringify({call}));"
    done = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, check=True, timeout=60)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


needs_node = pytest.mark.skipif(which("node") is None, reason="node is not here")


@needs_node
def test_a_fan_of_equal_steps_becomes_a_block() -> None:
    many = [f"x{number}" for number in range(40)]
    made = laid_out(["first", *many, "last"], [pair for key in many for pair in (["first", key], [key, "last"])])
    assert [block["size"] for block in made["blocks"]] == [40]
    assert len(made["links"]) == 2
    assert made["width"] < 3000
    assert len({tuple(place) for place in made["nodes"].values()}) == 42


@needs_node
def test_equal_chains_become_the_cells_of_a_block_with_their_links() -> None:
    keys = [[f"{name}{number}" for name in "abc"] for number in range(10)]
    links = [["first", chain[0]] for chain in keys] + [pair for chain in keys for pair in pairwise(chain)]
    made = laid_out(["first", *(key for chain in keys for key in chain)], [list(pair) for pair in links])
    assert [block["size"] for block in made["blocks"]] == [30]
    assert len(made["links"]) == 1 + 20
    for chain in keys:
        tops = [made["nodes"][key][1] for key in chain]
        assert tops == sorted(tops)


@needs_node
def test_few_steps_are_laid_out_one_by_one() -> None:
    made = laid_out(["a", "b", "c"], [["a", "b"], ["a", "c"]])
    assert made["blocks"] == []
    assert made["nodes"]["a"][1] < made["nodes"]["b"][1] == made["nodes"]["c"][1]
