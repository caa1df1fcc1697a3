"""The controller: decide the next actions (pure), carry them out, and loop."""
