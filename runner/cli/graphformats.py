"""A graph in the languages of other programs: Mermaid and Graphviz (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..operations.graph import Graph, Link

_FILLS: Mapping[str, str] = {
    "running": "#cfe8ff",
    "queued": "#e8f1fa",
    "canceling": "#fff3c4",
    "succeeded": "#d3f2d8",
    "reused": "#d3f2d8",
    "failed": "#ffd6d6",
    "canceled": "#fff3c4",
    "skipped": "#fff3c4",
    "waiting": "#f2f2f2",
}
"""Backgrounds that leave black text readable."""


def mermaid(graph: Graph) -> Iterator[str]:
    """A flowchart of Mermaid (https://mermaid.js.org/syntax/flowchart.html), as READMEs show it."""
    ids = {step.key: f"s{at}" for at, step in enumerate(graph.steps, 1)}
    yield "flowchart TD"
    for step in graph.steps:
        lines = [step.name, *filter(None, [step.status])]
        yield f'    {ids[step.key]}["{"<br>".join(_entities(line) for line in lines)}"]'
    for link in graph.links:
        arrow = f'-->|"{_entities(_label(link))}"|' if link.data else "-.->"
        yield f"    {ids[link.before]} {arrow} {ids[link.after]}"
    for status in dict.fromkeys(step.status for step in graph.steps if step.status):
        members = ",".join(ids[step.key] for step in graph.steps if step.status == status)
        yield f"    classDef {status} fill:{_FILLS.get(status, '#ffffff')},stroke:#666666,color:#000000"
        yield f"    class {members} {status}"


def dot(graph: Graph) -> Iterator[str]:
    """A digraph of Graphviz (https://graphviz.org/doc/info/lang.html)."""
    yield "digraph pipeline {"
    yield '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif"];'
    yield '  edge [fontname="sans-serif", fontsize=10];'
    for step in graph.steps:
        label = _quoted(f"{step.name}\n{step.status}" if step.status else step.name)
        fill = f", fillcolor={_quoted(_FILLS.get(step.status, '#ffffff'))}" if step.status else ""
        yield f"  {_quoted(step.key)} [label={label}{fill}];"
    for link in graph.links:
        look = f"label={_quoted(_label(link))}" if link.data else "style=dashed"
        yield f"  {_quoted(link.before)} -> {_quoted(link.after)} [{look}];"
    yield "}"


def _label(link: Link) -> str:
    return ", ".join(link.data)


def _entities(text: str) -> str:
    """Characters that Mermaid or the HTML it makes would take for their own, as Mermaid's entity codes."""
    special = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "\n": " "}
    return "".join(special.get(letter, letter) for letter in text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
