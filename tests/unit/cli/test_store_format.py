"""Every command refuses a store that another version of runner wrote."""

from __future__ import annotations
