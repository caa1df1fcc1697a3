"""The contrast of the colours in both themes (https://www.w3.org/TR/WCAG22/#contrast-minimum)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[3] / "runner" / "pages" / "static" / "style.css").read_text(encoding="utf-8")
TEXT = [
    (ink, ground)
    for ink in ("text", "muted", "accent", "ok", "bad", "run", "warn", "idle")
    for ground in ("bg", "surface", "surface-2", "hover")
]
TONES = [(name, f"{name}-bg") for name in ("ok", "bad", "run", "warn", "idle", "accent")]


def colours(theme: str) -> dict[str, str]:
    block = re.search(re.escape(theme) + r"\s*\{(.*?)\}", CSS, re.DOTALL)
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


LIGHT = colours(":root")
DARK = colours(':root[data-theme="dark"]')


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), [*TEXT, *TONES, ("accent-ink", "accent"), ("accent-ink", "accent-hover")])
def test_texts_can_be_read(theme: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(theme[ink], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["line-strong", *(f"series-{number}" for number in range(1, 9))])
def test_borders_of_fields_and_lines_of_charts_can_be_seen(theme: dict[str, str], name: str) -> None:
    assert contrast(theme[name], theme["surface"]) >= 3


def test_the_dark_theme_is_one_however_it_is_chosen() -> None:
    assert colours(':root:not([data-theme="light"])') == DARK
