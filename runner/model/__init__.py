"""The values that flow through `runner`: frozen dataclasses, standard library only."""
