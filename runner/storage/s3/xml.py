"""Parsing of the XML in S3's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def parse(body: bytes) -> Element | None:
    """Return the document's root; None if `body` is no XML."""
    from xml.etree import ElementTree as ET  # few requests need it

    try:
        return ET.fromstring(body)  # noqa: S314 - from the server that is trusted with all our data
    except ET.ParseError:
        return None


def text(element: Element, name: str) -> str:
    """Return the text of a child in any namespace, since servers differ."""
    return element.findtext(f"{{*}}{name}") or ""


def root_name(body: bytes) -> str:
    """Return the name of the document's root without its namespace; empty if `body` is no XML."""
    root = parse(body)
    return "" if root is None else root.tag.rpartition("}")[2]
