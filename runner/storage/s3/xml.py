"""The XML that S3 answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def parse(body: bytes) -> Element | None:
    """The document's root, or None when `body` is no XML."""
    from xml.etree import ElementTree as ET  # few requests need it

    try:
        return ET.fromstring(body)  # noqa: S314 - from the server that is trusted with all our data
    except ET.ParseError:
        return None


def text(element: Element, name: str) -> str:
    """The text of a child, whatever its namespace: servers differ."""
    return element.findtext(f"{{*}}{name}") or ""


def root_of(body: bytes) -> str:
    """The name of the document's root without its namespace; empty when `body` is no XML."""
    root = parse(body)
    return "" if root is None else root.tag.rpartition("}")[2]
