"""Templates: HTML from values. Every value is escaped unless it is markup of this package."""

from __future__ import annotations

import json
import secrets
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .assets import address
from .hostile_texts import HOSTILE_FILTERS, visible_value
from .run_texts import RUN_FILTERS
from .shell import SECTIONS
from .texts import FILTERS

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_FOLDER = Path(__file__).parent / "templates"


def render(template: str, **values: object) -> str:
    """Return the text of a template.

    Args:
        template: The name of its file in ``templates/``.
        **values: What the template shows. A value that the template names and nobody gives is an error.

    """
    return environment().get_template(template).render(values)


def new_key() -> str:
    """Return a text for the form of an action: sent twice, it acts once."""
    return secrets.token_hex(16)


def render_alone(template: str, **values: object) -> str:
    """Return the text of a template for a file that no server belongs to: its parts have no links to other pages.

    Args:
        template: The name of its file in ``templates/``.
        **values: What the template shows, as for `render`.

    """
    return environment(alone=True).get_template(template).render(values)


@cache
def environment(*, alone: bool = False) -> Environment:
    """Return the environment of the templates: autoescape is on for every file.

    Args:
        alone: True: for a file that no server belongs to. Default: False.

    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible_value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS, **HOSTILE_FILTERS, **RUN_FILTERS, json_block=json_block)
    made.globals.update(new_key=new_key, asset=address, sections=SECTIONS, alone=alone)
    return made


def json_block(value: object) -> Markup:
    """Return JSON for the inside of a ``<script type="application/json">`` element.

    No text in it can end the element (https://html.spec.whatwg.org/multipage/scripting.html, restrictions for contents
    of script elements).

    Args:
        value: What `json` can write.

    """
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped
