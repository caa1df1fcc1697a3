"""The bootstrap: what runs inside a step's container, from ``step.pyz``, with the standard library only."""
