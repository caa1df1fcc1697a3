"""A value that must come up nowhere but where secrets are meant to lie."""

from __future__ import annotations

import base64

CANARY = "canary-5f0b7c1d9e"


def tells(text: str) -> bool:
    """Whether the canary, or its base64 at any offset within what was encoded, is in the text."""
    encoded = [base64.b64encode(b" " * lead + CANARY.encode()).decode()[4:-4] for lead in range(3)]
    return any(each in text for each in (CANARY, *encoded))
